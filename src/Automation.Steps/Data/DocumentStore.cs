using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Steps.Values;
using Automation.Storage;
using Automation.Storage.Writes;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Data;

/// <summary>Collections of JSON documents with keys, in the server's own database.</summary>
public sealed class DocumentStore(Database database, IOptions<DataOptions> options, TimeProvider clock)
{
    private const int MaxTries = 50;
    private const string Columns = "collection, key, version, body, created_at, updated_at, expires_at";

    private static readonly SqlStatement Find = new($"SELECT {Columns} FROM documents WHERE collection = $1 AND key = $2");

    private static readonly SqlStatement Upsert = new(
        """
        INSERT INTO documents (collection, key, version, body, created_at, updated_at, expires_at) VALUES ($1, $2, 1, $3, $4, $4, $5)
        ON CONFLICT (collection, key) DO UPDATE SET version = documents.version + 1, body = excluded.body, updated_at = excluded.updated_at, expires_at = excluded.expires_at
        """);

    private static readonly SqlStatement Insert = new(
        "INSERT INTO documents (collection, key, version, body, created_at, updated_at, expires_at) VALUES ($1, $2, 1, $3, $4, $4, $5) ON CONFLICT DO NOTHING");

    private static readonly SqlStatement Update = new(
        "UPDATE documents SET version = version + 1, body = $3, updated_at = $4, expires_at = $5 WHERE collection = $1 AND key = $2 AND version = $6");

    private static readonly SqlStatement Delete = new("DELETE FROM documents WHERE collection = $1 AND key = $2");

    private static readonly SqlStatement DeleteVersion = new("DELETE FROM documents WHERE collection = $1 AND key = $2 AND version = $3");

    private static readonly SqlStatement DeleteExpired = new("DELETE FROM documents WHERE expires_at <= $1");

    private static readonly SqlStatement Note = new("INSERT INTO step_ledger (operation_id, result, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING");

    private static readonly SqlStatement FindNote = new("SELECT result FROM step_ledger WHERE operation_id = $1");

    private static readonly SqlStatement DeleteNote = new("DELETE FROM step_ledger WHERE operation_id = $1");

    // Changes of the same document wait for each other here, so that they do not have to try again against the database.
    private readonly SemaphoreSlim[] _lanes = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1, 1))];

    /// <summary>A document; null where there is none, or where its time is over.</summary>
    /// <exception cref="DocumentException">The collection or the key is not valid.</exception>
    public async ValueTask<Document?> FindAsync(string collection, string key, CancellationToken cancellationToken)
    {
        CheckName(collection, key);
        return await ReadAsync(collection, key, cancellationToken) is { } found && !IsOver(found) ? found : null;
    }

    /// <summary>Adds to a unit: the document gets this body, whatever is there.</summary>
    /// <param name="unit">Commits with what else it holds.</param>
    /// <param name="collection">The collection, up to 100 characters; it need not exist.</param>
    /// <param name="key">The key, up to 400 characters.</param>
    /// <param name="value">A plain value.</param>
    /// <param name="timeToLive">How long it lives; null for ever.</param>
    /// <exception cref="DocumentException">The collection, the key or the value is not valid.</exception>
    public void AddPutTo(WriteUnit unit, string collection, string key, object? value, TimeSpan? timeToLive = null)
    {
        ArgumentNullException.ThrowIfNull(unit);
        Put(collection, key, value, timeToLive)(unit);
    }

    /// <summary>The same, checked and written as JSON once, for a unit that is made later and perhaps again.</summary>
    /// <exception cref="DocumentException">The collection, the key or the value is not valid.</exception>
    internal Action<WriteUnit> Put(string collection, string key, object? value, TimeSpan? timeToLive)
    {
        CheckName(collection, key);
        var body = CheckBody(PlainJson.ToText(value));
        return unit =>
        {
            var now = clock.GetUtcNow();
            unit.Add(Upsert, collection, key, body, SqlValue.Micros(now), SqlValue.Micros(now + timeToLive));
        };
    }

    /// <summary>Adds to a unit: the document is gone, whether or not it is there.</summary>
    /// <exception cref="DocumentException">The collection or the key is not valid.</exception>
    public static void AddDeletionTo(WriteUnit unit, string collection, string key)
    {
        ArgumentNullException.ThrowIfNull(unit);
        CheckName(collection, key);
        unit.Add(Delete, collection, key);
    }

    /// <summary>Stores a document as a person or a program gives it, unless it is not the one that they have seen.</summary>
    /// <param name="collection">The collection; it need not exist.</param>
    /// <param name="key">The key.</param>
    /// <param name="json">The document, JSON.</param>
    /// <param name="expectedVersion">The version that must be there; 0 for none, null for any.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The document as it is stored now; null where another version was there.</returns>
    /// <exception cref="DocumentException">The collection, the key or the JSON is not valid.</exception>
    public async Task<Document?> ReplaceAsync(string collection, string key, string json, long? expectedVersion, CancellationToken cancellationToken)
    {
        JsonNode body;
        try
        {
            body = JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) ?? throw new DocumentException("The document is null.");
        }
        catch (JsonException e)
        {
            throw new DocumentException("The document is not JSON: " + e.Message);
        }

        var changed = await ChangeAsync(collection, key, new DocumentChange(_ => body) { ExpectedVersion = expectedVersion }, cancellationToken);
        return changed.IsConflict ? null : changed.Document;
    }

    /// <summary>Removes a document, unless it is not the one that was seen.</summary>
    /// <param name="collection">The collection.</param>
    /// <param name="key">The key.</param>
    /// <param name="expectedVersion">The version that must be there; null for any.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False where another version was there; null where there was none.</returns>
    /// <exception cref="DocumentException">The collection or the key is not valid.</exception>
    public async Task<bool?> RemoveAsync(string collection, string key, long? expectedVersion, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await FindAsync(collection, key, cancellationToken) is not { } found)
                return null;
            if (expectedVersion is { } expected && expected != found.Version)
                return false;
            try
            {
                await database.CommitAsync(new WriteUnit().AddExpectingOne(DeleteVersion, collection, key, found.Version), cancellationToken: cancellationToken);
                return true;
            }
            catch (WriteConflictException)
            {
                // Changed in between: look again.
            }
        }
    }

    /// <summary>Adds to a unit: what was kept about an operation, so that it happens once, is not needed any more.</summary>
    internal static void AddForgetTo(WriteUnit unit, string operationId) => unit.Add(DeleteNote, operationId);

    /// <summary>Changes a document that others may change at the same time; nothing is lost.</summary>
    internal async Task<DocumentChanged> ChangeAsync(string collection, string key, DocumentChange change, CancellationToken cancellationToken)
    {
        CheckName(collection, key);
        var lane = _lanes[(uint)HashCode.Combine(collection, key) % _lanes.Length];
        await lane.WaitAsync(cancellationToken);
        try
        {
            for (var tries = 1; ; tries++)
            {
                try
                {
                    return await TryChangeAsync(collection, key, change, cancellationToken);
                }
                catch (WriteConflictException e) when (tries < MaxTries && (e.Statement == Update || e.Statement == Insert || e.Statement == Note))
                {
                    // Another server was faster (or this operation was done already): look again.
                }
            }
        }
        finally
        {
            lane.Release();
        }
    }

    /// <summary>Removes documents whose time is over.</summary>
    internal Task SweepAsync(CancellationToken cancellationToken) =>
        database.CommitAsync(new WriteUnit().Add(DeleteExpired, SqlValue.Micros(clock.GetUtcNow())), cancellationToken: cancellationToken);

    internal static Document Read(SqlValue[] row) => new(
        row[0].AsText!, row[1].AsText!, row[2].AsInteger, row[3].AsText!, row[4].AsMicrosTime!.Value, row[5].AsMicrosTime!.Value, row[6].AsMicrosTime);

    private async Task<DocumentChanged> TryChangeAsync(string collection, string key, DocumentChange change, CancellationToken cancellationToken)
    {
        if (change.OperationId is { } done && (await database.QueryAsync(FindNote, cancellationToken, done)).Rows is [var note, ..])
            return JsonSerializer.Deserialize(note[0].AsText!, DocumentJson.Default.DocumentChanged)!;

        var stored = await ReadAsync(collection, key, cancellationToken);
        var present = stored is not null && !IsOver(stored) ? stored : null;
        if (change.ExpectedVersion is { } expected && expected != (present?.Version ?? 0))
            return new DocumentChanged(present, IsConflict: true);

        var next = change.Change(present is null ? null : JsonNode.Parse(present.Body));
        if (next is null)
            return new DocumentChanged(present, IsConflict: false);

        var body = CheckBody(next.ToJsonString(DocumentJson.Relaxed));
        var now = SqlValue.FromMicros(SqlValue.ToMicros(clock.GetUtcNow()));
        var expiresAt = change.TimeToLive is { } span ? now + span : present?.ExpiresAt;
        var document = new Document(collection, key, (stored?.Version ?? 0) + 1, body, present?.CreatedAt ?? stored?.CreatedAt ?? now, now, expiresAt);
        var changed = new DocumentChanged(document, IsConflict: false);
        var unit = new WriteUnit();
        if (change.OperationId is { } operation)
            unit.AddExpectingOne(Note, operation, JsonSerializer.Serialize(changed, DocumentJson.Default.DocumentChanged), SqlValue.Micros(now));
        if (stored is null)
            unit.AddExpectingOne(Insert, collection, key, body, SqlValue.Micros(now), SqlValue.Micros(expiresAt));
        else
            unit.AddExpectingOne(Update, collection, key, body, SqlValue.Micros(now), SqlValue.Micros(expiresAt), stored.Version);
        await database.CommitAsync(unit, cancellationToken: cancellationToken);
        return changed;
    }

    private async ValueTask<Document?> ReadAsync(string collection, string key, CancellationToken cancellationToken) =>
        (await database.QueryAsync(Find, cancellationToken, collection, key)).Rows is [var row, ..] ? Read(row) : null;

    private bool IsOver(Document document) => document.ExpiresAt <= clock.GetUtcNow();

    private string CheckBody(string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        if (bytes.Length > options.Value.MaxDocumentBytes)
            throw new DocumentException($"The document has {bytes.Length} bytes; allowed are {options.Value.MaxDocumentBytes} (Automation:Steps:Data:MaxDocumentBytes).");
        // One such document would break every query of its collection on PostgreSQL.
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = 1000 });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped && reader.GetString()!.Contains('\0', StringComparison.Ordinal))
                throw new DocumentException("The document has a text or a name with a zero character (\\u0000), which no document can have. Remove it first.");
            if (reader.TokenType == JsonTokenType.Number && reader.ValueSpan.IndexOfAny((byte)'e', (byte)'E') >= 0 && !double.IsFinite(reader.GetDouble()))
                throw new DocumentException($"The document has a number that is too large: {Cut(Encoding.UTF8.GetString(reader.ValueSpan))}.");
        }

        return body;
    }

    private static void CheckName(string collection, string key)
    {
        if (string.IsNullOrWhiteSpace(collection) || collection.Length > 100 || collection.Contains('\0', StringComparison.Ordinal))
            throw new DocumentException($"The collection \"{Cut(collection)}\" is not valid. Allowed are 1 to 100 characters, none of them zero (\\u0000).");
        if (string.IsNullOrWhiteSpace(key) || key.Length > 400 || key.Contains('\0', StringComparison.Ordinal))
            throw new DocumentException($"The key \"{Cut(key)}\" is not valid. Allowed are 1 to 400 characters, none of them zero (\\u0000).");
    }

    private static string Cut(string? text) => text is null ? "" : (text.Length <= 100 ? text : text[..100] + "…").Replace("\0", "\\u0000", StringComparison.Ordinal);
}
