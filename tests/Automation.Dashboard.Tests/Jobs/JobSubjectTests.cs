using Automation.Dashboard.Jobs;
using Automation.Workflows.Runtime;

namespace Automation.Dashboard.Tests.Jobs;

public sealed class JobSubjectTests
{
    [Theory]
    [InlineData(WorkflowJobs.Activity, "i-1", "\"Elsa.SendHttpRequest\"", "\"i-1\"", "\"op\"", "\"Call the CRM\"")]
    [InlineData(WorkflowJobs.Resume, "i-2", "\"i-2\"", "\"bookmark\"")]
    [InlineData(WorkflowJobs.Cancel, "i-3", "\"i-3\"")]
    [InlineData(WorkflowJobs.Continue, "i-4", "\"i-4\"")]
    [InlineData(WorkflowJobs.Event, "i-5", "\"name\"", "null", "null", "\"i-5\"")]
    [InlineData(WorkflowJobs.ChildRested, "parent", "\"child\"", "\"parent\"", "null", "null")]
    [InlineData(WorkflowJobs.Start, "i-6", """{"definitionId":"d","instanceId":"i-6"}""")]
    public void A_workflow_job_leads_to_its_instance(string name, string instance, params string[] arguments) =>
        Assert.Equal(instance, JobSubject.Of(name, arguments)?.InstanceId);

    [Fact]
    public void A_background_activity_is_named() =>
        Assert.Equal(
            new JobSubject("i-1", "Elsa.SendHttpRequest", "Call the CRM"),
            JobSubject.Of(WorkflowJobs.Activity, ["\"Elsa.SendHttpRequest\"", "\"i-1\"", "\"op\"", "\"Call the CRM\""]));

    [Theory]
    [InlineData("mail.send", "\"ada@example.org\"")]
    [InlineData(WorkflowJobs.Activity, "damaged", "{")]
    [InlineData(WorkflowJobs.Start, "[1]")]
    [InlineData(WorkflowJobs.Resume)]
    public void Another_or_damaged_job_leads_nowhere(string name, params string[] arguments) => Assert.Null(JobSubject.Of(name, arguments));
}
