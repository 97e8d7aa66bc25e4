using Automation.Storage;
using Automation.Storage.Workflows;
using Automation.Storage.Writes;
using Automation.Workflows.Management;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Automation.Workflows.Queries;

/// <summary>By what definitions are sorted.</summary>
public enum DefinitionOrder
{
    /// <summary>By name.</summary>
    Name,

    /// <summary>By the time the version was made.</summary>
    Created,

    /// <summary>By version number.</summary>
    Version,
}

/// <summary>Which definitions a list shows; what is null or empty does not count.</summary>
public sealed record DefinitionFilter
{
    /// <summary>Which versions.</summary>
    public VersionOptions Version { get; init; } = VersionOptions.All;

    /// <summary>Only these definitions.</summary>
    public IReadOnlyCollection<string> DefinitionIds { get; init; } = [];

    /// <summary>Only these versions, by their own ids.</summary>
    public IReadOnlyCollection<string> VersionIds { get; init; } = [];

    /// <summary>Text that the id, the definition id, the name or the description contains, without regard to case.</summary>
    public string? SearchTerm { get; init; }

    /// <summary>Whether it belongs to the product.</summary>
    public bool? IsSystem { get; init; }

    /// <summary>Whether other workflows may use it as an activity.</summary>
    public bool? UsableAsActivity { get; init; }

    /// <summary>The order.</summary>
    public DefinitionOrder OrderBy { get; init; }

    /// <summary>Whether the order is turned round.</summary>
    public bool Descending { get; init; }

    /// <summary>Items left out at the beginning.</summary>
    public int Skip { get; init; }

    /// <summary>Most items; null for all.</summary>
    public int? Take { get; init; }
}

/// <summary>Lists of definitions.</summary>
public sealed class DefinitionQueries(Database database, IOptions<WorkflowOptions> options)
{
    /// <summary>One page of the versions that match.</summary>
    public async Task<Page<DefinitionSummary>> ListAsync(DefinitionFilter filter, CancellationToken cancellationToken = default)
    {
        await using var context = database.CreateContext();
        var query = Matching(context, filter);
        var total = await query.LongCountAsync(cancellationToken);
        var ordered = (filter.OrderBy, filter.Descending) switch
        {
            (DefinitionOrder.Created, false) => query.OrderBy(d => d.CreatedAt),
            (DefinitionOrder.Created, true) => query.OrderByDescending(d => d.CreatedAt),
            (DefinitionOrder.Version, false) => query.OrderBy(d => d.Version),
            (DefinitionOrder.Version, true) => query.OrderByDescending(d => d.Version),
            (_, false) => query.OrderBy(d => d.Name),
            (_, true) => query.OrderByDescending(d => d.Name),
        };
        // Names and times repeat: the id decides, so that pages neither repeat nor lose a row.
        IQueryable<WorkflowDefinitionRow> page = ordered.ThenBy(d => d.Id);
        if (filter.Take is { } take)
        {
            // What is skipped is passed in the index alone; only the page's rows, which hold whole definitions, are fetched.
            var ids = await page.Select(d => d.Id).Skip(filter.Skip).Take(take).ToListAsync(cancellationToken);
            page = page.Where(d => ids.Contains(d.Id));
        }
        else
        {
            page = page.Skip(filter.Skip);
        }

        var filesAreReadonly = !options.Value.AllowEditing;
        var rows = await page
            .Select(d => new
            {
                d.Id, d.DefinitionId, d.Version, d.Name, d.Description, d.ToolVersion, d.ProviderName, d.SourceFile, d.IsLatest, d.IsPublished,
                d.IsReadonly, d.IsSystem, d.UsableAsActivity, d.CreatedAt, d.UpdatedAt, d.Revision,
            })
            .ToListAsync(cancellationToken);
        return new Page<DefinitionSummary>(
            [.. rows.Select(d => new DefinitionSummary
            {
                Id = d.Id,
                DefinitionId = d.DefinitionId,
                Version = d.Version,
                Name = d.Name,
                Description = d.Description,
                ToolVersion = d.ToolVersion,
                ProviderName = d.ProviderName,
                SourceFile = d.SourceFile,
                IsLatest = d.IsLatest,
                IsPublished = d.IsPublished,
                IsReadonly = d.IsReadonly || (filesAreReadonly && d.SourceFile is not null),
                IsSystem = d.IsSystem,
                UsableAsActivity = d.UsableAsActivity,
                CreatedAt = SqlValue.FromMicros(d.CreatedAt),
                UpdatedAt = SqlValue.FromMicros(d.UpdatedAt),
                Revision = d.Revision,
            })],
            total);
    }

    /// <summary>How many versions match.</summary>
    public async Task<long> CountAsync(DefinitionFilter filter, CancellationToken cancellationToken = default)
    {
        await using var context = database.CreateContext();
        return await Matching(context, filter).LongCountAsync(cancellationToken);
    }

    private static IQueryable<WorkflowDefinitionRow> Matching(AutomationDbContext context, DefinitionFilter filter)
    {
        var query = context.Set<WorkflowDefinitionRow>().AsQueryable();
        query = filter.Version.Selection switch
        {
            VersionSelection.Draft => query.Where(d => d.IsLatest && !d.IsPublished),
            VersionSelection.Latest => query.Where(d => d.IsLatest),
            VersionSelection.Published => query.Where(d => d.IsPublished),
            VersionSelection.LatestOrPublished => query.Where(d => d.IsLatest || d.IsPublished),
            VersionSelection.LatestAndPublished => query.Where(d => d.IsLatest && d.IsPublished),
            VersionSelection.Specific => query.Where(d => d.Version == filter.Version.Number),
            _ => query,
        };
        if (filter.DefinitionIds.Count > 0)
            query = query.Where(d => filter.DefinitionIds.Contains(d.DefinitionId));
        if (filter.VersionIds.Count > 0)
            query = query.Where(d => filter.VersionIds.Contains(d.Id));
        if (filter.IsSystem is { } isSystem)
            query = query.Where(d => d.IsSystem == isSystem);
        if (filter.UsableAsActivity is { } usable)
            query = query.Where(d => d.UsableAsActivity == usable);
        if (string.IsNullOrWhiteSpace(filter.SearchTerm))
            return query;
        var term = filter.SearchTerm.Trim().ToLowerInvariant();
        // Translated to SQL, where a culture means nothing.
#pragma warning disable CA1304, CA1311, CA1862, MA0011
        return query.Where(d => d.Id.ToLower().Contains(term) || d.DefinitionId.ToLower().Contains(term)
            || d.Name!.ToLower().Contains(term) || d.Description!.ToLower().Contains(term));
#pragma warning restore CA1304, CA1311, CA1862, MA0011
    }
}
