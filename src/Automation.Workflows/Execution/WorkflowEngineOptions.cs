using System.ComponentModel.DataAnnotations;
using Automation.Expressions;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Execution;

/// <summary>How bursts behave where Elsa 3 leaves a choice, or where a genuine Elsa 3.6 server does what nobody would want.</summary>
public sealed class WorkflowEngineOptions
{
    /// <summary>Journal entries after which a burst that goes on asks for a commit, so that long loops run in bounded memory. Default 10,000.</summary>
    [Range(10, 1_000_000)]
    public int MaxJournalEntriesPerCommit { get; set; } = 10_000;

    /// <summary>Rounds of loops, calls and statements that one evaluation of a script may take. Default 10,000,000.</summary>
    [Range(10_000, 1_000_000_000_000)]
    public long ScriptSteps { get; set; } = ExpressionLimits.Default.MaxSteps;

    /// <summary>Bytes of values that one evaluation of a script may make. Default 64 MiB.</summary>
    [Range(1_048_576, 4_294_967_296)]
    public long ScriptMemory { get; set; } = ExpressionLimits.Default.MaxMemory;

    /// <summary>How long one evaluation of a script may take. Default 5 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan ScriptTimeout { get; set; } = ExpressionLimits.Default.Timeout;

    /// <summary>What happens after a fault where the definition does not say. Default <see cref="IncidentStrategy.Fault"/>.</summary>
    public IncidentStrategy DefaultIncidentStrategy { get; set; } = IncidentStrategy.Fault;

    /// <summary>
    /// Whether workflow inputs stay readable after the instance has waited. Default true; in Elsa an input outlives a suspension
    /// only if its declaration names a storage driver.
    /// </summary>
    public bool KeepInputs { get; set; } = true;

    /// <summary>
    /// Whether cancelling an instance is journaled and closes the records of its activities. Default true; Elsa leaves them running.
    /// </summary>
    public bool JournalCancellation { get; set; } = true;

    /// <summary>Whether short incident strategy names are understood. Default true; Elsa takes them for the Fault strategy.</summary>
    public bool ShortStrategyNames { get; set; } = true;

    /// <summary>
    /// Whether a definition with a syntax error in an expression (JavaScript, Liquid, cron) is refused when it is published or imported.
    /// Default true; Elsa publishes it, and what has the error faults when it is reached or never starts.
    /// </summary>
    public bool RefuseBrokenExpressions { get; set; } = true;

    /// <summary>
    /// Whether the small peculiarities of a genuine Elsa 3.6 server that docs/compatibility.md lists hold here too, so that a workflow that
    /// comes from there has the same outcome. Default true; false does what one would expect.
    /// </summary>
    public bool ElsaQuirks { get; set; } = true;

    /// <summary>
    /// How long an instance may take from its start, waits included, where its definition does not say (<c>customProperties.timeout</c>); then
    /// what it is at faults. Zero sets no limit. Default zero.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan WorkflowTimeout { get; set; }

    /// <summary>Whether flowcharts are token based where the definition does not say. Default false.</summary>
    public bool TokenBasedFlowcharts { get; set; }
}
