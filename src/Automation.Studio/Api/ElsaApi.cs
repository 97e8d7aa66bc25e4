using Automation.Storage.Access;
using Automation.Studio.Api.Alterations;
using Automation.Studio.Api.Definitions;
using Automation.Studio.Api.Descriptors;
using Automation.Studio.Api.Instances;
using Automation.Studio.Api.Labels;
using Automation.Studio.Api.Other;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Studio.Api;

/// <summary>Elsa's HTTP API below <c>/elsa/api</c>: what the Studio asks for, and what other clients of Elsa use.</summary>
internal static class ElsaApi
{
    public static void MapTo(IEndpointRouteBuilder app)
    {
        var api = app.MapGroup("/elsa/api").DisableAntiforgery().ExcludeFromDescription().WithMetadata(new LeastRoleAttribute(Role.Viewer));
        api.AddEndpointFilter(async (context, next) =>
        {
            // Clients of Elsa take an empty body for "not found" and the like.
            if (context.HttpContext.Features.Get<IStatusCodePagesFeature>() is { } pages)
                pages.Enabled = false;
            return await next(context);
        });
        api.AddEndpointFilter(Problems.CatchAsync);

        DescriptorEndpoints.Map(api);
        DefinitionEndpoints.Map(api);
        ChangeEndpoints.Map(api);
        TransferEndpoints.Map(api);
        GraphEndpoints.Map(api);
        RunEndpoints.Map(api);
        InstanceEndpoints.Map(api);
        InstanceTransferEndpoints.Map(api);
        JournalEndpoints.Map(api);
        SignalEndpoints.Map(api);
        AlterationEndpoints.Map(api);
        ResilienceEndpoints.Map(api);
        LabelEndpoints.Map(api);
        SecretEndpoints.Map(api);
        TestEndpoints.Map(api);
        IdentityEndpoints.Map(api);
    }
}
