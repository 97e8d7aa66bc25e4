using Automation.Storage;
using Automation.Storage.Writes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Automation.Intake.Sources;

/// <summary>A source cannot be made, changed or removed like this; nothing was changed.</summary>
public sealed class SourceRefusedException : Exception
{
    internal SourceRefusedException(string message, bool isConflict = false)
        : base(message) => IsConflict = isConflict;

    /// <summary>Whether somebody else has changed it meanwhile.</summary>
    public bool IsConflict { get; }
}

/// <summary>A source's settings as they are now.</summary>
/// <param name="Settings">The settings, secrets included: not to be shown.</param>
/// <param name="Version">Its version; 0 where it comes from the configuration, which alone can change it.</param>
/// <param name="UpdatedAt">When it was last changed; null where it comes from the configuration.</param>
/// <param name="UpdatedBy">By whom.</param>
public sealed record SourceSettings(SourceOptions Settings, long Version, DateTimeOffset? UpdatedAt, string? UpdatedBy)
{
    /// <summary>Whether it can be changed here.</summary>
    public bool IsEditable => Version > 0;
}

/// <summary>
/// Makes, changes and removes sources while the server runs. They are kept in the database and in force at every server
/// that shares it; those of the configuration stay as they are there.
/// </summary>
public sealed partial class SourceEditor : BackgroundService
{
    /// <summary>How often the database is asked for a change that nobody has told of.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    private readonly SourceCatalog _catalog;
    private readonly SourceStore _store;
    private readonly OpenSources _open;
    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly ILogger<SourceEditor> _logger;
    private readonly SemaphoreSlim _one = new(1);
    private IDisposable? _listening;
    private IReadOnlyList<string> _told = [];

    internal SourceEditor(SourceCatalog catalog, SourceStore store, OpenSources open, Database database, TimeProvider clock, ILogger<SourceEditor> logger)
    {
        _catalog = catalog;
        _store = store;
        _open = open;
        _database = database;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>The settings of a source; null where there is none.</summary>
    public async Task<SourceSettings?> FindAsync(string slug, CancellationToken cancellationToken)
    {
        if (_catalog.Configured(slug) is { } configured)
            return new SourceSettings(configured, 0, null, null);
        var stored = await FindStoredAsync(slug, cancellationToken);
        return stored is null ? null : new SourceSettings(stored.Settings ?? new SourceOptions(), stored.Version, stored.UpdatedAt, stored.UpdatedBy);
    }

    /// <summary>Makes or changes a source; it is in force here when this returns, and at other servers moments later.</summary>
    /// <param name="slug">The last part of its path.</param>
    /// <param name="settings">All its settings.</param>
    /// <param name="expected">The version that they replace; 0 for a source that is new.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="cancellationToken">Ends it before anything is changed.</param>
    /// <returns>Its version now.</returns>
    /// <exception cref="SourceRefusedException">The settings do not hold, or somebody else was faster; nothing was changed.</exception>
    /// <exception cref="StorageUnavailableException">The database could not take it; nothing was changed.</exception>
    public async Task<long> SaveAsync(string slug, SourceOptions settings, long expected, string? by, CancellationToken cancellationToken)
    {
        RefuseConfigured(slug);
        if (expected == 0 && await FindStoredAsync(slug, cancellationToken) is not null)
            throw new SourceRefusedException($"There is a source \"{slug}\" already.", isConflict: true);
        if (_catalog.Check(slug, settings) is { Count: > 0 } problems)
            throw new SourceRefusedException(string.Join(' ', problems));
        if (settings.Open && _open.Obstacle([slug]) is { } obstacle && _catalog.VerifiesNothing(slug, settings))
            throw new SourceRefusedException(obstacle);
        if (!await _store.SaveAsync(slug, settings, expected, by, cancellationToken))
        {
            throw new SourceRefusedException(
                expected == 0 ? $"There is a source \"{slug}\" already." : $"The source \"{slug}\" has been changed by somebody else meanwhile. Load it again and repeat your change.", isConflict: true);
        }

        await ReloadAsync(CancellationToken.None);
        return expected + 1;
    }

    /// <summary>Removes a source; its events stay in the log.</summary>
    /// <exception cref="SourceRefusedException">It comes from the configuration, or somebody else was faster; nothing was changed.</exception>
    public async Task DeleteAsync(string slug, long expected, CancellationToken cancellationToken)
    {
        RefuseConfigured(slug);
        if (!await _store.DeleteAsync(slug, expected, cancellationToken))
            throw new SourceRefusedException($"The source \"{slug}\" is gone, or has been changed by somebody else meanwhile.", isConflict: true);
        await ReloadAsync(CancellationToken.None);
    }

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await ReloadAsync(cancellationToken);
        if (_database.Provider == DatabaseProvider.PostgreSql)
            _listening = _database.Listen(SourceStore.Channel, said => _ = Task.Run(() => FollowAsync(CancellationToken.None)));
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _listening?.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // SQLite has one server only, which knows what it has changed.
        if (_database.Provider != DatabaseProvider.PostgreSql)
            return;
        using var timer = new PeriodicTimer(Interval, _clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await FollowAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ReloadAsync(cancellationToken);
        }
        catch (StorageUnavailableException)
        {
            // Asked again with the next tick.
        }
    }

    private async Task ReloadAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var problems = _catalog.Use(await _store.ListAsync(cancellationToken));
            foreach (var problem in problems.Except(_told, StringComparer.Ordinal))
                LogBroken(problem);
            _told = problems;
        }
        finally
        {
            _one.Release();
        }
    }

    private void RefuseConfigured(string slug)
    {
        if (_catalog.Configured(slug) is not null)
            throw new SourceRefusedException($"The source \"{slug}\" is set up in the configuration (Automation:Intake:Sources:{slug}) and can only be changed there.");
    }

    private async Task<StoredSource?> FindStoredAsync(string slug, CancellationToken cancellationToken) =>
        (await _store.ListAsync(cancellationToken)).FirstOrDefault(s => s.Slug.Equals(slug, StringComparison.OrdinalIgnoreCase));

    [LoggerMessage(LogLevel.Error, "{Problem}")]
    private partial void LogBroken(string problem);
}
