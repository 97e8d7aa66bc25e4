using Automation.Workflows.Execution;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities;

/// <summary>
/// Base of all activities, built in or yours. One object stands for one node of one compiled definition and is shared by all
/// its executions, so it holds no state of its own: per-execution state lives in the <see cref="ActivityContext"/>.
/// An exception thrown by any of its methods faults the execution and becomes an incident.
/// </summary>
public abstract class Activity
{
    /// <summary>The node that this object stands for.</summary>
    public CompiledActivity Node { get; internal set; } = null!;

    /// <summary>Runs the activity. It must end by calling <see cref="ActivityContext.Complete(ReadOnlySpan{string})"/>, by waiting on a bookmark, or by scheduling children.</summary>
    /// <param name="context">This execution.</param>
    protected internal abstract void Execute(ActivityContext context);

    /// <summary>Goes on after one of its bookmarks was resumed. By default the activity completes.</summary>
    /// <param name="context">This execution.</param>
    /// <param name="bookmark">The bookmark.</param>
    /// <param name="payload">What the resumer brought; a plain value.</param>
    protected internal virtual void Resume(ActivityContext context, Bookmark bookmark, object? payload)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Complete();
    }

    /// <summary>Goes on after a child that it scheduled has completed. By default the activity completes.</summary>
    /// <param name="context">This execution.</param>
    /// <param name="child">The child's execution, already completed.</param>
    protected internal virtual void ChildCompleted(ActivityContext context, ActivityContext child)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Complete();
    }

    /// <summary>Reads what attributes cannot express from the definition, once, when it is compiled.</summary>
    /// <param name="context">The node's JSON and the means to bind expressions and report problems.</param>
    protected internal virtual void Compile(ActivityCompilation context)
    {
    }

    /// <summary>For triggers: the stimuli that start a workflow at this activity.</summary>
    /// <param name="context">A context in which inputs can be read; there is no instance.</param>
    /// <returns>One entry per stimulus; none by default.</returns>
    protected internal virtual IEnumerable<TriggerStimulus> GetTriggers(ActivityContext context) => [];

    /// <summary>
    /// Goes on when a background operation that it asked for has ended. By default a failure faults the activity; else the outputs are
    /// set by name, and it completes with the outcomes given.
    /// </summary>
    /// <param name="context">This execution.</param>
    /// <param name="result">What the operation gave.</param>
    protected internal virtual void OperationEnded(ActivityContext context, OperationResult result)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(result);
        result.ThrowIfFailed();
        context.SetOutputs(result.Outputs);
        context.CompleteWith(result.Outcomes ?? []);
    }

    // The rest is for the built-in containers.

    /// <summary>Whether it starts its background work by itself even where it runs asynchronously.</summary>
    internal virtual bool StartsOwnOperation => false;

    /// <summary>A child has been cancelled.</summary>
    internal virtual void ChildCanceled(ActivityContext context, ActivityContext child)
    {
    }

    /// <summary>A signal travels up from a descendant. Return true to stop it here.</summary>
    internal virtual bool Receive(ActivityContext context, Signal signal, ActivityContext sender) => false;

    /// <summary>What the record of an execution shows under its properties; null for nothing.</summary>
    internal virtual IReadOnlyDictionary<string, object?>? DescribeProperties(ActivityContext context) => null;

    /// <summary>Writes <see cref="ActivityContext.Memory"/> with the instance's state.</summary>
    internal virtual void WriteMemory(System.Text.Json.Utf8JsonWriter writer, object memory) =>
        throw new NotSupportedException($"{Node.Type} keeps no memory.");

    /// <summary>Reads back what <see cref="WriteMemory"/> wrote.</summary>
    internal virtual object? ReadMemory(System.Text.Json.JsonElement json, ActivityContext context) =>
        throw new NotSupportedException($"{Node.Type} keeps no memory.");
}

/// <summary>One stimulus that a trigger waits for.</summary>
/// <param name="Name">The stimulus name, such as <c>Elsa.Event</c>.</param>
/// <param name="Payload">What it is matched by; a plain value.</param>
public sealed record TriggerStimulus(string Name, object? Payload)
{
    /// <summary>Data that does not take part in matching, such as limits of an HTTP endpoint; a plain value.</summary>
    public object? Options { get; init; }
}
