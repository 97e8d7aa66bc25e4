using System.Security.Cryptography;
using System.Text;
using Automation.Storage;
using Automation.Storage.Writes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Data;

/// <summary>Makes the indexes that the configuration asks for, and drops those that it no longer does.</summary>
internal sealed partial class DocumentIndexes(Database database, IOptions<DataOptions> options, ILogger<DocumentIndexes> logger) : BackgroundService
{
    private const string Prefix = "ix_document_field_";

    private static readonly SqlStatement OfSqlite = new($"SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE '{Prefix}%'");

    private static readonly SqlStatement OfPostgres = new($"SELECT indexname FROM pg_indexes WHERE tablename = 'documents' AND schemaname = current_schema() AND indexname LIKE '{Prefix}%'");

    /// <summary>Brings the indexes in line with the configuration.</summary>
    public async Task ApplyAsync(CancellationToken cancellationToken)
    {
        var there = (await database.QueryAsync(database.Provider == DatabaseProvider.Sqlite ? OfSqlite : OfPostgres, cancellationToken)).Rows.Select(r => r[0].AsText!).ToHashSet(StringComparer.Ordinal);
        var wanted = options.Value.Indexes.SelectMany(c => c.Value.Distinct(StringComparer.Ordinal).Select(field => (Collection: c.Key, Field: field))).ToDictionary(NameOf, StringComparer.Ordinal);
        foreach (var name in there.Where(n => !wanted.ContainsKey(n)))
            await database.CommitAsync(new WriteUnit().Add(new SqlStatement($"DROP INDEX IF EXISTS {name}")), cancellationToken: cancellationToken);
        foreach (var (name, (collection, field)) in wanted.Where(w => !there.Contains(w.Key)))
        {
            // With the collection in front and the key behind it beats the primary key in the planner's eyes: nothing is left to sort.
            var create = $"CREATE INDEX IF NOT EXISTS {name} ON documents (collection, {DocumentSql.Field(database.Provider, field)}, key) WHERE collection = {DocumentSql.Text(collection)}";
            try
            {
                await database.CommitAsync(new WriteUnit().Add(new SqlStatement(create)), cancellationToken: cancellationToken);
                LogMade(collection, field);
            }
            catch (Exception e) when (e is StorageException or WriteConflictException)
            {
                // Another server may be making it this moment. Queries find the same without it, only later.
                LogFailed(e, collection, field);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await ApplyAsync(stoppingToken);
        }
        catch (StorageUnavailableException e)
        {
            LogUnavailable(e);
        }
    }

    private static string NameOf((string Collection, string Field) index) =>
        Prefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{index.Collection}\n{index.Field}")).AsSpan(0, 12));

    [LoggerMessage(LogLevel.Information, "Documents of {Collection} are indexed by {Field}")]
    private partial void LogMade(string collection, string field);

    [LoggerMessage(LogLevel.Warning, "The index of {Collection} by {Field} could not be made; it is tried again at the next start")]
    private partial void LogFailed(Exception exception, string collection, string field);

    [LoggerMessage(LogLevel.Warning, "The indexes of documents could not be looked at; they are at the next start")]
    private partial void LogUnavailable(Exception exception);
}
