using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Steps.Activities;
using Automation.Steps.Values;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;

namespace Automation.Steps.Data;

/// <summary>Does the work of the document activities. Each change happens once, however often its job runs.</summary>
internal sealed class DocumentStep(DocumentStore store, DocumentQueries queries) : IBackgroundActivity
{
    public async Task<OperationResult> RunAsync(BackgroundOperation operation, CancellationToken cancellationToken)
    {
        var inputs = new StepInputs(operation.Inputs);
        try
        {
            return operation.ActivityType switch
            {
                StoreDocument.Type => await StoreAsync(operation, inputs, cancellationToken),
                ReadDocument.Type => await ReadAsync(inputs, cancellationToken),
                ChangeDocument.Type => await ChangeAsync(operation, inputs, cancellationToken),
                DeleteDocument.Type => Delete(operation, inputs),
                _ => await FindAsync(inputs, cancellationToken),
            };
        }
        catch (Exception e) when (e is DocumentException or FormatException)
        {
            return new OperationResult { Error = new OperationError(OperationErrorKind.Failed, e.Message, e.GetType().Name) };
        }
    }

    private async Task<OperationResult> StoreAsync(BackgroundOperation operation, StepInputs inputs, CancellationToken cancellationToken)
    {
        var (collection, key, value) = (inputs.Text("Collection"), inputs.Text("Key"), inputs["Value"]);
        // Objects often come as the text that somebody typed.
        if (value is string text && text.AsSpan().TrimStart() is ['{' or '[', ..])
            value = Parse(text);
        var mode = inputs.Text("Mode");
        var merge = mode.Equals("Merge", StringComparison.OrdinalIgnoreCase);
        if (!merge && mode.Length > 0 && !mode.Equals("Replace", StringComparison.OrdinalIgnoreCase))
            throw new FormatException($"Mode is \"{mode}\"; allowed are Replace and Merge.");
        var (expected, timeToLive) = (inputs.Integer("ExpectedVersion"), inputs.Duration("TimeToLive"));
        if (timeToLive <= TimeSpan.Zero)
            throw new FormatException($"TimeToLive is {timeToLive}; it must be more than nothing.");
        if (!merge && expected is null)
        {
            // Nothing has to be looked up, so the document is stored by the very commit that ends this step.
            operation.CommitWith(store.Put(collection, key, value, timeToLive));
            return Done(new(StringComparer.Ordinal) { ["Document"] = value });
        }

        var patch = JsonNode.Parse(PlainJson.ToUtf8(value));
        var changed = await ChangeAsync(
            operation,
            collection,
            key,
            new DocumentChange(present => merge ? JsonEdit.Merge(present, patch) : patch?.DeepClone()) { ExpectedVersion = expected, TimeToLive = timeToLive },
            cancellationToken);
        return Done(Outputs(changed.Document)) with { Outcomes = [changed.IsConflict ? "Conflict" : "Done"] };
    }

    private async Task<OperationResult> ReadAsync(StepInputs inputs, CancellationToken cancellationToken)
    {
        var found = await store.FindAsync(inputs.Text("Collection"), inputs.Text("Key"), cancellationToken);
        return Done(Outputs(found)) with { Outcomes = [found is null ? "Not found" : "Found", "Done"] };
    }

    private async Task<OperationResult> ChangeAsync(BackgroundOperation operation, StepInputs inputs, CancellationToken cancellationToken)
    {
        var (kind, field) = (inputs.Text("Operation"), inputs.Text("Field"));
        Func<JsonNode?, JsonNode?> change;
        if (kind.Length == 0 || kind.Equals("Increment", StringComparison.OrdinalIgnoreCase))
        {
            var by = inputs.Number("Value") ?? 1;
            change = present => JsonEdit.Increment(present, field, by);
        }
        else if (kind.Equals("Append", StringComparison.OrdinalIgnoreCase))
        {
            var value = inputs["Value"];
            if (value is string text && text.AsSpan().TrimStart() is ['{' or '[', ..])
                value = Parse(text);
            var values = (PlainJson.Elements(value) ?? [value]).Select(v => JsonNode.Parse(PlainJson.ToUtf8(v))).ToList();
            change = present => JsonEdit.Append(present, field, values);
        }
        else
        {
            throw new FormatException($"Operation is \"{kind}\"; allowed are Increment and Append.");
        }

        var changed = await ChangeAsync(operation, inputs.Text("Collection"), inputs.Text("Key"), new DocumentChange(change), cancellationToken);
        return Done(Outputs(changed.Document));
    }

    private static OperationResult Delete(BackgroundOperation operation, StepInputs inputs)
    {
        var (collection, key) = (inputs.Text("Collection"), inputs.Text("Key"));
        DocumentStore.AddDeletionTo(new Storage.Writes.WriteUnit(), collection, key);
        operation.CommitWith(unit => DocumentStore.AddDeletionTo(unit, collection, key));
        return Done([]);
    }

    private async Task<OperationResult> FindAsync(StepInputs inputs, CancellationToken cancellationToken)
    {
        var where = inputs["Where"];
        if (where is string text)
            where = string.IsNullOrWhiteSpace(text) ? null : Parse(text);
        var found = await queries.FindAsync(
            inputs.Text("Collection"), where, inputs.Text("OrderBy"), (int)Math.Clamp(inputs.Integer("Skip") ?? 0, int.MinValue, int.MaxValue), (int)Math.Clamp(inputs.Integer("Take") ?? 100, int.MinValue, int.MaxValue), cancellationToken);
        var documents = found.Select(d => (object?)new Dictionary<string, object?>(StringComparer.Ordinal) { ["key"] = d.Key, ["version"] = d.Version, ["document"] = Parse(d.Body) }).ToList();
        return Done(new(StringComparer.Ordinal) { ["Documents"] = documents });
    }

    private Task<DocumentChanged> ChangeAsync(BackgroundOperation operation, string collection, string key, DocumentChange change, CancellationToken cancellationToken)
    {
        // The note that the change was made goes with the commit that ends the step: after that nobody asks for it again.
        operation.CommitWith(unit => DocumentStore.AddForgetTo(unit, operation.OperationId));
        return store.ChangeAsync(collection, key, change with { OperationId = operation.OperationId }, cancellationToken);
    }

    private static Dictionary<string, object?> Outputs(Document? document) =>
        new(StringComparer.Ordinal) { ["Document"] = document is null ? null : Parse(document.Body), [nameof(StoreDocument.StoredVersion)] = document?.Version };

    private static OperationResult Done(Dictionary<string, object?> outputs) => new() { Outputs = outputs };

    private static JsonElement Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new FormatException($"The text is not JSON: {e.Message}", e);
        }
    }
}
