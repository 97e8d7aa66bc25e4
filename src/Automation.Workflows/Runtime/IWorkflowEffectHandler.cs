using Automation.Storage.Writes;
using Automation.Workflows.Execution;

namespace Automation.Workflows.Runtime;

/// <summary>
/// Carries out effects of its own activities by adding rows to the commit of the burst, such as an outgoing delivery.
/// Registered as a singleton; asked for every effect that the runtime does not know.
/// </summary>
public interface IWorkflowEffectHandler
{
    /// <summary>Adds the effect's rows to the unit. May be called again for the same effect where a commit is repeated.</summary>
    /// <returns>True where the effect is this handler's.</returns>
    ValueTask<bool> TryAddAsync(WorkflowEffect effect, EffectSource source, WriteUnit unit, CancellationToken cancellationToken);
}

/// <summary>Where an effect comes from.</summary>
/// <param name="InstanceId">The instance.</param>
/// <param name="DefinitionId">Its definition.</param>
/// <param name="CorrelationId">Its correlation id.</param>
public sealed record EffectSource(string InstanceId, string DefinitionId, string? CorrelationId);
