using System.Text.Json;
using Automation.Expressions.JavaScript.Execution;

namespace Automation.Expressions.JavaScript.Hosting;

/// <summary>Reads a chain of names straight out of a document.</summary>
internal static class JsonPaths
{
    /// <summary>False where the chain breaks or ends in something that a script would see differently.</summary>
    public static bool TryRead(JsonElement document, DocumentPath path, out object? value)
    {
        value = null;
        foreach (var name in path.Utf8)
        {
            if (document.ValueKind != JsonValueKind.Object || !document.TryGetProperty(name, out document))
                return false;
        }

        switch (document.ValueKind)
        {
            case JsonValueKind.String:
                value = document.GetString();
                return true;
            case JsonValueKind.Number:
                value = HostValues.ToHostNumber(document.GetDouble());
                return true;
            case JsonValueKind.True:
                value = HostValues.True;
                return true;
            case JsonValueKind.False:
                value = HostValues.False;
                return true;
            case JsonValueKind.Null:
                return true;
            case JsonValueKind.Object or JsonValueKind.Array:
                value = document;
                return true;
            default:
                return false;
        }
    }
}
