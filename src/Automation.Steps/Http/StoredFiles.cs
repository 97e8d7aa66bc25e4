using System.Security.Cryptography;
using Automation.Steps.Values;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Runtime;

namespace Automation.Steps.Http;

/// <summary>
/// Files that workflows have downloaded. Their bytes lie beside the instance and go with it; what activities hand on is a
/// description that names them, so that states and journals stay small.
/// </summary>
public sealed class StoredFiles(Database database)
{
    private const string Reference = "storedFile";

    private static readonly SqlStatement Insert = new("INSERT INTO workflow_files (instance_id, id, content) VALUES ($1, $2, $3) ON CONFLICT (instance_id, id) DO UPDATE SET content = $3");
    private static readonly SqlStatement Find = new("SELECT content FROM workflow_files WHERE instance_id = $1 AND id = $2");

    /// <summary>Keeps a downloaded file with the commit that ends the operation.</summary>
    /// <returns>The description of the file, as Elsa names its members.</returns>
    internal static Dictionary<string, object?> Add(BackgroundOperation operation, string url, HttpAnswer answer)
    {
        operation.CommitWith(unit => unit.Add(Insert, operation.InstanceId, operation.ActivityInstanceId, answer.Body));
        return new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["filename"] = FileNameOf(url, answer),
            ["contentType"] = answer.MediaType,
            ["length"] = (long)answer.Body.Length,
            ["eTag"] = $"\"{Convert.ToHexStringLower(SHA256.HashData(answer.Body).AsSpan(0, 16))}\"",
            [Reference] = $"{operation.InstanceId}/{operation.ActivityInstanceId}",
        };
    }

    /// <summary>The bytes that a value describes; null where it describes no stored file, or one that is gone with its instance.</summary>
    /// <param name="value">A plain value.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async ValueTask<byte[]?> ReadAsync(object? value, CancellationToken cancellationToken)
    {
        if (PlainJson.Members(value)?.FirstOrDefault(m => m.Key == Reference) is not { Value: { } given } || PlainJson.AsText(given).Split('/') is not [var instance, var id])
            return null;
        var rows = await database.QueryAsync(Find, cancellationToken, instance, id);
        return rows.Count == 0 ? null : rows.Rows[0][0].AsBlob;
    }

    /// <summary>The name that the server gave, else the last part of the address.</summary>
    private static string? FileNameOf(string url, HttpAnswer answer)
    {
        var header = answer.ContentHeaders.FirstOrDefault(h => h.Key.Equals("Content-Disposition", StringComparison.OrdinalIgnoreCase)).Value;
        var text = PlainJson.AsText((PlainJson.Elements(header) ?? [header]).FirstOrDefault());
        if (System.Net.Http.Headers.ContentDispositionHeaderValue.TryParse(text, out var disposition) && (disposition.FileNameStar ?? disposition.FileName)?.Trim('"') is { Length: > 0 } named)
            return Path.GetFileName(named.Replace('\\', '/'));
        return Uri.TryCreate(url, UriKind.Absolute, out var address) && Path.GetFileName(address.LocalPath) is { Length: > 0 } last ? last : null;
    }
}
