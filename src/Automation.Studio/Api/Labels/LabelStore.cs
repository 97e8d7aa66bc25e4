using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Studio.Api.Labels;

internal sealed record Label(string Id, string Name, string NormalizedName, string? Description, string? Color);

internal sealed record LabelRequest(string? Name = null, string? Description = null, string? Color = null);

internal sealed record LabelIdsRequest(IReadOnlyList<string>? LabelIds = null);

/// <summary>The stored labels. Names are unique without regard to case.</summary>
internal sealed class LabelStore(Database database, TimeProvider clock)
{
    private const int MaxName = 200;

    private static readonly SqlStatement All = new("SELECT id, name, normalized_name, description, color FROM labels ORDER BY normalized_name");

    private static readonly SqlStatement One = new("SELECT id, name, normalized_name, description, color FROM labels WHERE id = $1");

    private static readonly SqlStatement Insert = new("INSERT INTO labels (id, name, normalized_name, description, color) VALUES ($1, $2, $3, $4, $5)");

    private static readonly SqlStatement Update = new("UPDATE labels SET name = $2, normalized_name = $3, description = $4, color = $5 WHERE id = $1");

    private static readonly SqlStatement Delete = new("DELETE FROM labels WHERE id = $1");

    private static readonly SqlStatement DeleteUses = new("DELETE FROM definition_labels WHERE label_id = $1");

    private static readonly SqlStatement OfDefinition = new("SELECT label_id FROM definition_labels WHERE definition_id = $1 ORDER BY label_id");

    private static readonly SqlStatement Clear = new("DELETE FROM definition_labels WHERE definition_id = $1");

    private static readonly SqlStatement Use = new("INSERT INTO definition_labels (definition_id, label_id) SELECT $1, id FROM labels WHERE id = $2");

    private static readonly SqlStatement DefinitionsOf = new(
        "SELECT d.definition_id FROM definition_labels d JOIN labels l ON l.id = d.label_id WHERE l.id = $1 OR l.normalized_name = $2");

    public async Task<IReadOnlyList<Label>> ListAsync(CancellationToken cancellationToken) => [.. (await database.QueryAsync(All, cancellationToken)).Rows.Select(Read)];

    public async Task<Label?> FindAsync(string id, CancellationToken cancellationToken) =>
        (await database.QueryAsync(One, cancellationToken, id)).Rows is [var row, ..] ? Read(row) : null;

    /// <exception cref="BadInputException">The name is missing, too long or taken.</exception>
    public async Task<Label> AddAsync(LabelRequest request, CancellationToken cancellationToken)
    {
        var label = Label(Guid.CreateVersion7(clock.GetUtcNow()).ToString("N"), request);
        await CommitAsync(label, new WriteUnit().Add(Insert, label.Id, label.Name, label.NormalizedName, label.Description, label.Color), cancellationToken);
        return label;
    }

    /// <returns>The label as it is now; null where there is none.</returns>
    /// <exception cref="BadInputException">The name is missing, too long or taken.</exception>
    public async Task<Label?> ChangeAsync(string id, LabelRequest request, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, cancellationToken) is null)
            return null;
        var label = Label(id, request);
        await CommitAsync(label, new WriteUnit().Add(Update, label.Id, label.Name, label.NormalizedName, label.Description, label.Color), cancellationToken);
        return label;
    }

    /// <returns>False where there was none.</returns>
    public async Task<bool> DeleteAsync(string id, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, cancellationToken) is null)
            return false;
        await database.CommitAsync(new WriteUnit().Add(Delete, id).Add(DeleteUses, id), cancellationToken: cancellationToken);
        return true;
    }

    /// <summary>Ids of the labels that a definition has.</summary>
    public async Task<IReadOnlyList<string>> OfDefinitionAsync(string definitionId, CancellationToken cancellationToken) =>
        [.. (await database.QueryAsync(OfDefinition, cancellationToken, definitionId)).Rows.Select(r => r[0].AsText!)];

    /// <summary>Ids of the definitions that have all of these labels, which are given by id or by name.</summary>
    public async Task<IReadOnlyCollection<string>> DefinitionsWithAsync(IReadOnlyList<string> labels, CancellationToken cancellationToken)
    {
        HashSet<string>? all = null;
        foreach (var label in labels)
        {
            var with = (await database.QueryAsync(DefinitionsOf, cancellationToken, label, label.ToLowerInvariant())).Rows.Select(r => r[0].AsText!);
            if (all is null)
                all = new HashSet<string>(with, StringComparer.Ordinal);
            else
                all.IntersectWith(with);
        }

        return all ?? [];
    }

    /// <summary>Gives a definition these labels and no others; what is no label is left out.</summary>
    public Task SetOfDefinitionAsync(string definitionId, IReadOnlyList<string> labels, CancellationToken cancellationToken)
    {
        var unit = new WriteUnit().Add(Clear, definitionId);
        foreach (var label in labels.Distinct(StringComparer.Ordinal))
            unit.Add(Use, definitionId, label);
        return database.CommitAsync(unit, cancellationToken: cancellationToken);
    }

    private async Task CommitAsync(Label label, WriteUnit unit, CancellationToken cancellationToken)
    {
        try
        {
            await database.CommitAsync(unit, cancellationToken: cancellationToken);
        }
        catch (WriteConflictException)
        {
            throw new BadInputException($"name: there is a label '{label.Name}' already.");
        }
    }

    private static Label Label(string id, LabelRequest request)
    {
        var name = request.Name?.Trim();
        if (string.IsNullOrEmpty(name) || name.Length > MaxName)
            throw new BadInputException($"name must have 1 to {MaxName} characters.");
        return new Label(id, name, name.ToLowerInvariant(), request.Description, request.Color);
    }

    private static Label Read(SqlValue[] row) => new(row[0].AsText!, row[1].AsText!, row[2].AsText!, row[3].AsText, row[4].AsText);
}
