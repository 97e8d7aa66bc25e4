using System.Globalization;
using Automation.Steps.Activities;
using Automation.Workflows.Activities;
using Automation.Workflows.Execution;

namespace Automation.Steps.Data;

/// <summary>Stores a document.</summary>
[Activity(Type, Category = "Data", DisplayName = "Store document", Kind = ActivityKind.Task, Description = "Stores a JSON document under a key, replacing or merging what is there.")]
[Outcome("Done"), Outcome("Conflict")]
internal sealed class StoreDocument : OutsideActivity
{
    public const string Type = "Automation.StoreDocument";

    [Input(Order = 0, Description = "The collection; it need not exist.")]
    public Input<string> Collection { get; } = new();

    [Input(Order = 1, Description = "The document's name in the collection, such as a customer's number.")]
    public Input<string> Key { get; } = new();

    [Input(Order = 2, UIHint = "multiline", Description = "The document, or in merge mode the members to change; null removes a member.")]
    public Input<object?> Value { get; } = new();

    [Input(Order = 3, UIHint = "dropdown", Options = ["Replace", "Merge"], DefaultValue = "Replace", Description = "Whether the whole document is replaced or only the members given.")]
    public Input<string> Mode { get; } = new();

    [Input(Order = 4, Category = "Advanced", Description = "The version that must be there, 0 for a new document; otherwise the outcome is Conflict and nothing is stored.")]
    public Input<long?> ExpectedVersion { get; } = new();

    [Input(Order = 5, Category = "Advanced", Description = "How long the document lives, such as 30.00:00:00; empty for ever.")]
    public Input<TimeSpan?> TimeToLive { get; } = new();

    [Output(Description = "The document as it is now.")]
    public Output<object?> Document { get; } = new();

    [Output(Description = "Its version; not known where a document is replaced without looking.")]
    public Output<long?> StoredVersion { get; } = new();

    protected override void Accept(ActivityContext context, IReadOnlyDictionary<string, object?> outputs)
    {
        Set(context, Document, outputs, nameof(Document));
        if (outputs.GetValueOrDefault(nameof(StoredVersion)) is { } version)
            StoredVersion.Set(context, Convert.ToInt64(version, CultureInfo.InvariantCulture));
    }
}

/// <summary>Reads a document.</summary>
[Activity(Type, Category = "Data", DisplayName = "Read document", Kind = ActivityKind.Task, Description = "Reads a JSON document by its key.")]
[Outcome("Found"), Outcome("Not found")]
internal sealed class ReadDocument : OutsideActivity
{
    public const string Type = "Automation.ReadDocument";

    [Input(Order = 0, Description = "The collection.")]
    public Input<string> Collection { get; } = new();

    [Input(Order = 1, Description = "The document's name in the collection.")]
    public Input<string> Key { get; } = new();

    [Output(Description = "The document; null where there is none.")]
    public Output<object?> Document { get; } = new();

    [Output(Description = "Its version, for a later change that expects it.")]
    public Output<long?> StoredVersion { get; } = new();

    protected override void Accept(ActivityContext context, IReadOnlyDictionary<string, object?> outputs)
    {
        Set(context, Document, outputs, nameof(Document));
        StoredVersion.Set(context, outputs.GetValueOrDefault(nameof(StoredVersion)) is { } version ? Convert.ToInt64(version, CultureInfo.InvariantCulture) : null);
    }
}

/// <summary>Changes one field of a document.</summary>
[Activity(Type, Category = "Data", DisplayName = "Change document", Kind = ActivityKind.Task, Description = "Counts up a number or appends to a list in a JSON document, exactly once, however many workflows do it at the same time.")]
internal sealed class ChangeDocument : OutsideActivity
{
    public const string Type = "Automation.ChangeDocument";

    [Input(Order = 0, Description = "The collection; it need not exist.")]
    public Input<string> Collection { get; } = new();

    [Input(Order = 1, Description = "The document's name in the collection; it need not exist.")]
    public Input<string> Key { get; } = new();

    [Input(Order = 2, UIHint = "dropdown", Options = ["Increment", "Append"], DefaultValue = "Increment", Description = "What is done.")]
    public Input<string> Operation { get; } = new();

    [Input(Order = 3, Description = "The field, with dots for inner ones: stats.calls.")]
    public Input<string> Field { get; } = new();

    [Input(Order = 4, UIHint = "multiline", Description = "Increment: by how much, 1 if empty. Append: the value, or a list of values.")]
    public Input<object?> Value { get; } = new();

    [Output(Description = "The document as it is now.")]
    public Output<object?> Document { get; } = new();

    protected override void Accept(ActivityContext context, IReadOnlyDictionary<string, object?> outputs) => Set(context, Document, outputs, nameof(Document));
}

/// <summary>Deletes a document.</summary>
[Activity(Type, Category = "Data", DisplayName = "Delete document", Kind = ActivityKind.Task, Description = "Deletes a JSON document, where it is there.")]
internal sealed class DeleteDocument : OutsideActivity
{
    public const string Type = "Automation.DeleteDocument";

    [Input(Order = 0, Description = "The collection.")]
    public Input<string> Collection { get; } = new();

    [Input(Order = 1, Description = "The document's name in the collection.")]
    public Input<string> Key { get; } = new();

    protected override void Accept(ActivityContext context, IReadOnlyDictionary<string, object?> outputs)
    {
    }
}

/// <summary>Finds documents.</summary>
[Activity(Type, Category = "Data", DisplayName = "Find documents", Kind = ActivityKind.Task, Description = "Finds JSON documents of a collection by their fields.")]
internal sealed class FindDocuments : OutsideActivity
{
    public const string Type = "Automation.FindDocuments";

    [Input(Order = 0, Description = "The collection.")]
    public Input<string> Collection { get; } = new();

    [Input(Order = 1, UIHint = "json-editor", Description = "Fields and what they must be: {\"status\":\"open\",\"amount\":{\"gte\":100}}. Empty gives all.")]
    public Input<object?> Where { get; } = new();

    [Input(Order = 2, Description = "A field to order by, -field for the largest first; by key if empty.")]
    public Input<string?> OrderBy { get; } = new();

    [Input(Order = 3, DefaultValue = 0, Description = "How many to leave out.")]
    public Input<int> Skip { get; } = new();

    [Input(Order = 4, DefaultValue = 100, Description = "How many at most, 1 to 1000.")]
    public Input<int> Take { get; } = new();

    [Output(Description = "A list of objects with key, version and document.")]
    public Output<object?> Documents { get; } = new();

    protected override void Accept(ActivityContext context, IReadOnlyDictionary<string, object?> outputs) => Set(context, Documents, outputs, nameof(Documents));
}
