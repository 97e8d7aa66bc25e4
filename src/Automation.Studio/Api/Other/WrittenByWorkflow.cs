using Automation.Steps.Endpoints;
using Automation.Workflows.Execution;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Studio.Api.Other;

/// <summary>The answer that a workflow wrote itself.</summary>
internal sealed class WrittenByWorkflow(WorkflowEffect response) : IResult
{
    public Task ExecuteAsync(HttpContext context) => context.RequestServices.GetRequiredService<WorkflowAnswer>().WriteAsync(context, response);
}
