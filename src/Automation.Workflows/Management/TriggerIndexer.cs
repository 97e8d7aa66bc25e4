using Automation.Jobs;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Activities.Flow;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;
using Microsoft.Extensions.Options;

namespace Automation.Workflows.Management;

/// <summary>What checking a definition for publication gave.</summary>
internal sealed record DefinitionCheck(IReadOnlyList<DefinitionProblem> Problems, IReadOnlyList<WorkflowTrigger> Triggers)
{
    public bool HasErrors => Problems.Any(p => p.Severity == ProblemSeverity.Error);
}

/// <summary>Keeps the triggers of published versions, and the jobs of those that go by the clock, in the commit that publishes or retracts.</summary>
internal sealed class TriggerIndexer(Database database, WorkflowCatalog catalog, WorkflowCompiler compiler, JobClient jobs, IOptions<WorkflowEngineOptions> options, TimeProvider clock)
{
    /// <summary>Finds everything that stops a definition from being published.</summary>
    public DefinitionCheck Check(WorkflowDefinition definition)
    {
        CompiledWorkflow graph;
        try
        {
            graph = compiler.Compile(definition);
        }
        catch (DefinitionException e)
        {
            return new DefinitionCheck([.. e.Problems.Select(Judge).OrderByDescending(p => p.Severity)], []);
        }

        // What can never work is heard of now, not when it does not start or faults.
        var problems = new List<DefinitionProblem>(graph.Problems.Select(Judge));
        problems.AddRange(graph.Activities.Where(a => a.Behavior is DynamicActivity).Select(NotForDefinitions));
        foreach (var trigger in graph.Triggers)
        {
            if (ClockTriggers.Problem(trigger.Name, trigger.Payload) is { } reason)
                problems.Add(Problem(graph, trigger, reason));
            if (options.Value.ElsaQuirks && ClockTriggers.HasPassed(trigger.Name, trigger.Payload, clock.GetUtcNow()))
                problems.Add(Problem(graph, trigger, "The time to start at has passed, so it starts nothing.") with { Severity = ProblemSeverity.Warning });
            if (trigger.Name == StimulusNames.HttpEndpoint && graph.Triggers.Any(t => t != trigger && t.Hash == trigger.Hash && string.CompareOrdinal(t.ActivityId, trigger.ActivityId) < 0))
                problems.Add(Problem(graph, trigger, "The path and method are used by another endpoint of this workflow already.") with { Severity = ProblemSeverity.Warning });
            if (trigger.Name == StimulusNames.HttpEndpoint && catalog.FindTriggers(trigger.Hash).FirstOrDefault(t => t.DefinitionId != definition.DefinitionId) is { } other)
                problems.Add(Problem(graph, trigger, $"The path and method are used by the workflow '{other.DefinitionId}' already."));
        }

        return new DefinitionCheck([.. problems.OrderByDescending(p => p.Severity)], graph.Triggers);
    }

    /// <summary>Replaces the triggers of a definition by those of the version that is being published.</summary>
    public async Task ReplaceAsync(WriteUnit unit, DefinitionSummary version, IReadOnlyList<WorkflowTrigger> triggers, CancellationToken cancellationToken)
    {
        await RemoveAsync(unit, version.DefinitionId, cancellationToken);
        foreach (var trigger in triggers)
        {
            var id = WorkflowIds.New(clock);
            DateTimeOffset? first = ClockTriggers.IsByClock(trigger.Name) ? ClockTriggers.First(trigger.Name, trigger.Payload, clock.GetUtcNow(), options.Value.ElsaQuirks) : null;
            long? jobId = first is { } at ? await jobs.EnqueueAsync(unit, ClockTriggers.Job(id, at, version.DefinitionId), cancellationToken) : null;
            unit.Add(
                DefinitionSql.InsertTrigger, id, version.DefinitionId, version.Id, trigger.Name, trigger.ActivityId, trigger.Hash,
                Json(trigger.Payload), Json(trigger.Options), SqlValue.Micros(first), jobId);
        }
    }

    /// <summary>Removes the triggers of a definition; the jobs of those by the clock go when the unit has committed.</summary>
    public async Task RemoveAsync(WriteUnit unit, string definitionId, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(DefinitionSql.TriggersOf, cancellationToken, definitionId);
        long[] orphaned = [.. rows.Rows.Where(r => !r[9].IsNull).Select(r => r[9].AsInteger)];
        unit.Add(DefinitionSql.DeleteTriggers, definitionId);
        // A job that is left behind by a crash finds no trigger when its time comes, and ends.
        if (orphaned.Length > 0)
            unit.OnCommitted(() => _ = Task.Run(() => DeleteJobsAsync(orphaned)));
    }

    private async Task DeleteJobsAsync(long[] ids)
    {
        foreach (var id in ids)
            await ((Task)jobs.DeleteAsync(id, "The workflow's trigger is not in force any more")).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static DefinitionProblem NotForDefinitions(CompiledActivity node) =>
        new(ProblemSeverity.Error, node.Id, node.Name, "type", "A DynamicActivity exists in code only; a definition cannot use it.") { IsServerErrorInElsa = true };

    private DefinitionProblem Judge(DefinitionProblem problem) =>
        problem.StopsPublishing && options.Value.RefuseBrokenExpressions ? problem with { Severity = ProblemSeverity.Error } : problem;

    private static DefinitionProblem Problem(CompiledWorkflow graph, WorkflowTrigger trigger, string reason) =>
        new(ProblemSeverity.Error, trigger.ActivityId, graph.FindById(trigger.ActivityId)?.Name, null, reason);

    private static string? Json(object? plain) => plain is null ? null : JsonValues.ToText(plain);
}
