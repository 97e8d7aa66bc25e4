using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Steps.Data;

/// <summary>A collection of documents.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Documents">How many documents it has, counted up to <see cref="DocumentCollections.MostCounted"/>.</param>
public sealed record DocumentCollection(string Name, long Documents);

/// <summary>The collections that there are.</summary>
public sealed class DocumentCollections(Database database)
{
    /// <summary>Where counting stops, so that a list of large collections stays quick.</summary>
    public const long MostCounted = 10_000;

    private const int MostCollections = 500;

    // One step of the index for each collection, however many documents it has.
    private static readonly SqlStatement Names = new(
        """
        WITH RECURSIVE c(name) AS (
            SELECT min(collection) FROM documents
            UNION ALL SELECT (SELECT min(collection) FROM documents WHERE collection > c.name) FROM c WHERE c.name IS NOT NULL)
        SELECT name FROM c WHERE name IS NOT NULL ORDER BY name LIMIT $1
        """);

    private static readonly SqlStatement Count = new("SELECT count(*) FROM (SELECT 1 FROM documents WHERE collection = $1 LIMIT $2) d");

    /// <summary>The collections by name, with their sizes.</summary>
    public async Task<IReadOnlyList<DocumentCollection>> ListAsync(CancellationToken cancellationToken)
    {
        var found = new List<DocumentCollection>();
        foreach (var row in (await database.QueryAsync(Names, cancellationToken, MostCollections)).Rows)
            found.Add(new DocumentCollection(row[0].AsText!, (await database.QueryAsync(Count, cancellationToken, row[0].AsText!, MostCounted)).Rows[0][0].AsInteger));
        return found;
    }
}
