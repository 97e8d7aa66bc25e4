using System.Globalization;
using Automation.Workflows.Definitions;
using Automation.Workflows.Graph;
using Automation.Workflows.Journal;

namespace Automation.Workflows.Execution;

/// <summary>
/// Everything that an instance is between bursts. <see cref="Serialize"/> gives the document to store;
/// <see cref="Deserialize"/> reads it back. Not safe for concurrent use.
/// </summary>
public sealed class InstanceState
{
    private readonly Dictionary<CompiledActivity, object?[]> _outputs = [];

    internal InstanceState(string id, string definitionId, string versionId, int version, DateTimeOffset createdAt)
    {
        Id = id;
        DefinitionId = definitionId;
        DefinitionVersionId = versionId;
        DefinitionVersion = version;
        CreatedAt = createdAt;
        UpdatedAt = createdAt;
    }

    /// <summary>Id of the instance.</summary>
    public string Id { get; }

    /// <summary>The definition it runs.</summary>
    public string DefinitionId { get; internal set; }

    /// <summary>The version it runs.</summary>
    public string DefinitionVersionId { get; internal set; }

    /// <summary>Number of that version.</summary>
    public int DefinitionVersion { get; internal set; }

    /// <summary>Correlation id; null for none.</summary>
    public string? CorrelationId { get; set; }

    /// <summary>Name for people; null for none.</summary>
    public string? Name { get; set; }

    /// <summary>The instance that started it; null for none.</summary>
    public string? ParentInstanceId { get; init; }

    /// <summary>Whether it may still go on.</summary>
    public WorkflowStatus Status { get; internal set; }

    /// <summary>How it stands.</summary>
    public WorkflowSubStatus SubStatus { get; internal set; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; internal set; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? FinishedAt { get; internal set; }

    /// <summary>Inputs as given at the start; plain values.</summary>
    public Dictionary<string, object?> Input { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Outputs so far; plain values.</summary>
    public Dictionary<string, object?> Output { get; } = new(StringComparer.Ordinal);

    /// <summary>Free values of the host, kept with the instance; plain.</summary>
    public Dictionary<string, object?> Properties { get; } = new(StringComparer.Ordinal);

    /// <summary>Where it waits. Those of an ended instance are inert.</summary>
    public IReadOnlyList<Bookmark> Bookmarks => BookmarkList;

    /// <summary>Its faults.</summary>
    public IReadOnlyList<Incident> Incidents => IncidentList;

    /// <summary>Whether work is scheduled, so that <see cref="Stimulus.Continue"/> would do something.</summary>
    public bool HasScheduledWork => Work.Count > 0 && PendingOperation is null;

    /// <summary>Number of journal entries so far; the next one's sequence number.</summary>
    public long JournalLength { get; internal set; }

    internal List<Bookmark> BookmarkList { get; } = [];

    internal List<Incident> IncidentList { get; } = [];

    internal List<ActivityContext> Contexts { get; } = [];

    internal Queue<WorkItem> Work { get; } = new();

    internal List<PendingOperation> Operations { get; } = [];

    /// <summary>The operation that the rest of the work list waits for; null for none.</summary>
    internal PendingOperation? PendingOperation { get; private set; }

    /// <summary>The event from outside that the latest burst served; null for none.</summary>
    internal string? EventId { get; set; }

    internal long LastOrdinal { get; set; }

    internal long LastBookmark { get; set; }

    internal bool IsFaulting { get; set; }

    internal bool IsFinishing { get; set; }

    internal bool IsCanceled { get; set; }

    /// <summary>Inputs that do not outlive a suspension are gone.</summary>
    internal bool InputsDropped { get; set; }

    internal bool OutputsAreStale { get; private set; }

    /// <summary>Variables that the start request brought are not listed, as in Elsa.</summary>
    internal bool HasGivenVariables { get; set; }

    internal string? TriggerActivityId { get; set; }

    internal object? TriggerPayload { get; set; }

    /// <summary>Whether a stimulus started it, whose payload is not kept beyond its first rest.</summary>
    internal bool WasTriggered { get; set; }

    /// <summary>The trigger has not taken the payload yet.</summary>
    internal bool TriggerPayloadIsFresh { get; set; }

    internal object? LastResult { get; set; }

    /// <summary>Until when somebody waits for an HTTP response; null when nobody does, or when it has been written.</summary>
    internal DateTimeOffset? RespondUntil { get; set; }

    internal Burst? Burst { get; set; }

    internal IReadOnlyDictionary<CompiledActivity, object?[]> OutputRegister => _outputs;

    /// <summary>
    /// The workflow's own variables and their values, for lists: id, name, value. As in Elsa, none are listed where the start request
    /// brought values, or where two have the same name.
    /// </summary>
    /// <param name="workflow">The version that the instance runs.</param>
    public IReadOnlyList<(string Id, string Name, object? Value)> GetVariables(CompiledWorkflow workflow)
    {
        ArgumentNullException.ThrowIfNull(workflow);
        var root = workflow.Workflow;
        var context = Contexts.Find(c => ReferenceEquals(c.Activity, root));
        var result = new List<(string, string, object?)>(root.Variables.Length);
        if (context is null || HasGivenVariables || root.HasAmbiguousVariables)
            return result;
        for (var i = 0; i < root.Variables.Length; i++)
            result.Add((root.Variables[i].Id, root.Variables[i].Name, Storable(root, i, context.Scope[i])));
        return result;
    }

    /// <summary>Sets a workflow variable from outside a burst.</summary>
    /// <param name="workflow">The version that the instance runs.</param>
    /// <param name="idOrName">The variable.</param>
    /// <param name="value">A plain value; converted to the declared type.</param>
    /// <returns>False if there is no such variable or the instance has not begun.</returns>
    /// <exception cref="ValueConversionException">The value has no form in the declared type.</exception>
    public bool SetVariable(CompiledWorkflow workflow, string idOrName, object? value)
    {
        ArgumentNullException.ThrowIfNull(workflow);
        var root = workflow.Workflow;
        var index = Array.FindIndex(root.Variables, v => string.Equals(v.Id, idOrName, StringComparison.Ordinal));
        if (index < 0)
            index = Array.FindIndex(root.Variables, v => string.Equals(v.Name, idOrName, StringComparison.Ordinal));
        if (index < 0 || Contexts.Find(c => ReferenceEquals(c.Activity, root)) is not { } context)
            return false;
        context.Scope[index] = ValueConverter.Convert(value, root.Variables[index].Type);
        return true;
    }

    /// <summary>The document to store.</summary>
    public byte[] Serialize() => InstanceStateWriter.Write(this);

    /// <summary>Reads a stored document.</summary>
    /// <param name="json">As made by <see cref="Serialize"/>.</param>
    /// <param name="workflow">The version that the instance runs.</param>
    /// <exception cref="InstanceStateException">The document is damaged, of a later format, or does not fit the version.</exception>
    public static InstanceState Deserialize(ReadOnlyMemory<byte> json, CompiledWorkflow workflow)
    {
        ArgumentNullException.ThrowIfNull(workflow);
        return InstanceStateReader.Read(json, workflow);
    }

    /// <summary>Lists what keeps the instance from going on with another version of its definition.</summary>
    /// <param name="target">The other version.</param>
    /// <returns>One sentence per obstacle; empty if there is none.</returns>
    public IReadOnlyList<string> FindMisfits(CompiledWorkflow target) => InstanceMigration.FindMisfits(this, target);

    /// <summary>Gives the instance as it goes on with another version of its definition.</summary>
    /// <param name="target">The other version.</param>
    /// <returns>A new state; this one stays as it is.</returns>
    /// <exception cref="InstanceStateException">It does not fit, see <see cref="FindMisfits"/>.</exception>
    public InstanceState MoveTo(CompiledWorkflow target) => InstanceMigration.Move(this, target);

    internal long NextOrdinal() => ++LastOrdinal;

    internal long NextSequence() => JournalLength++;

    internal string NextBookmarkId() => string.Create(CultureInfo.InvariantCulture, $"{Id}-b{++LastBookmark}");

    internal void AddContext(ActivityContext context)
    {
        context.Position = Contexts.Count;
        Contexts.Add(context);
    }

    internal void RemoveContext(ActivityContext context)
    {
        var last = Contexts[^1];
        Contexts[context.Position] = last;
        last.Position = context.Position;
        Contexts.RemoveAt(Contexts.Count - 1);
        context.Position = -1;
    }

    internal ActivityContext? FindContext(long ordinal)
    {
        foreach (var context in Contexts)
        {
            if (context.Ordinal == ordinal)
                return context;
        }

        return null;
    }

    internal PendingOperation AddOperation(ActivityContext context, bool inline)
    {
        var operation = new PendingOperation(string.Create(CultureInfo.InvariantCulture, $"{Id}-o{++LastBookmark}"), context, inline);
        Operations.Add(operation);
        if (inline)
            PendingOperation = operation;
        return operation;
    }

    internal void RestoreOperation(PendingOperation operation)
    {
        Operations.Add(operation);
        if (operation.IsInline)
            PendingOperation = operation;
    }

    internal void RemoveOperation(PendingOperation operation)
    {
        Operations.Remove(operation);
        if (ReferenceEquals(PendingOperation, operation))
            PendingOperation = null;
    }

    internal PendingOperation[] OperationsOf(ActivityContext context) =>
        Operations.Count == 0 ? [] : [.. Operations.Where(o => ReferenceEquals(o.Context, context))];

    internal object? GetInput(string name)
    {
        if (!Input.TryGetValue(name, out var value))
            return null;
        return InputsDropped && !IsDurableInput(name) ? null : value;
    }

    private bool IsDurableInput(string name) =>
        Burst?.Workflow.Scope.Inputs.Any(i => i.Storage == VariableStorage.Instance && string.Equals(i.Name, name, StringComparison.OrdinalIgnoreCase)) ?? false;

    internal void RegisterOutput(CompiledActivity node, int slot, object? value)
    {
        if (!_outputs.TryGetValue(node, out var values))
        {
            _outputs[node] = values = new object?[node.Outputs.Length];
            Array.Fill(values, ActivityContext.Unset);
        }

        values[slot] = value;
        if (string.Equals(node.Outputs[slot].Name, "Result", StringComparison.Ordinal))
            LastResult = value;
    }

    internal object? FindOutput(CompiledActivity node, string name)
    {
        if (!_outputs.TryGetValue(node, out var values))
            return null;
        for (var i = 0; i < values.Length; i++)
        {
            if (string.Equals(node.Outputs[i].Name, name, StringComparison.OrdinalIgnoreCase))
                return ReferenceEquals(values[i], ActivityContext.Unset) ? null : values[i];
        }

        return null;
    }

    /// <summary>What lives only as long as a run without waiting is given up: outputs, memory variables, most inputs.</summary>
    internal void Settle(bool keepInputs)
    {
        _outputs.Clear();
        LastResult = null;
        TriggerPayload = null;
        TriggerPayloadIsFresh = false;
        InputsDropped = !keepInputs;
        OutputsAreStale = true;
        foreach (var context in Contexts)
        {
            for (var i = 0; i < context.Scope.Length; i++)
                context.Scope[i] = Storable(context.Activity, i, context.Scope[i]);
        }
    }

    /// <summary>Outputs are kept until the next burst begins, because the records of the last one show them.</summary>
    internal void DropStaleOutputs()
    {
        if (!OutputsAreStale)
            return;
        OutputsAreStale = false;
        foreach (var context in Contexts)
            context.Outputs = null;
    }

    /// <summary>The value of a declared variable as it comes back after a suspension.</summary>
    private static object? Storable(CompiledActivity declaring, int slot, object? value)
    {
        var variable = declaring.Variables[slot];
        if (variable.Storage == VariableStorage.Memory || !JsonValues.IsPlain(value))
            return declaring.VariableDefaults[slot];
        try
        {
            return ValueConverter.Convert(value, variable.Type);
        }
        catch (ValueConversionException)
        {
            // Bound outputs and script setters store without looking at the declared type; what does not fit is not kept.
            return declaring.VariableDefaults[slot];
        }
    }
}

/// <summary>A stored instance document cannot be used.</summary>
/// <param name="message">What is wrong.</param>
/// <param name="inner">The cause, where there is one.</param>
public sealed class InstanceStateException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Work that runs outside for an activity.</summary>
internal sealed class PendingOperation(string id, ActivityContext context, bool isInline)
{
    public string Id { get; } = id;

    public ActivityContext Context { get; } = context;

    /// <summary>Whether the rest of the instance waits for it.</summary>
    public bool IsInline { get; } = isInline;

    /// <summary>The bookmark that shows that it waits; null for inline ones.</summary>
    public Bookmark? Bookmark { get; set; }

    /// <summary>The event from outside that was served when it was asked for.</summary>
    public string? EventId { get; set; }

    /// <summary>For <c>ExecuteWorkflow</c>: the child that runs.</summary>
    public string? ChildInstanceId { get; set; }
}
