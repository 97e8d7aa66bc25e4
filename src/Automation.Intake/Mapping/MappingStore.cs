using Automation.Intake.Sources;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Management;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Intake.Mapping;

/// <summary>
/// The mapping rules in force: those of the mappings file, or on PostgreSQL, which several servers share, of the latest
/// version in the database; and one for each event trigger of a published workflow. The file is looked at once a second, by
/// time and size: watchers of the file system miss changes on network shares and in containers, and one look costs nothing.
/// A broken file changes nothing. Every version is kept, see <see cref="MappingHistory"/>.
/// </summary>
public sealed partial class MappingStore : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>How many looks at the file go by until the database is asked for a version that nobody has told of.</summary>
    private const int LooksPerQuestion = 15;

    private readonly MappingsFile _file;
    private readonly string _name;
    private readonly ExpressionCompiler _expressions;
    private readonly MappingHistory _history;
    private readonly bool _shared;
    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly ILogger<MappingStore> _logger;

    private readonly SemaphoreSlim _one = new(1);
    private readonly WorkflowCatalog? _workflows;
    private readonly RuleWarnings _warnings;

    private readonly RulesInForce _rules = new();
    private readonly List<IDisposable?> _listening = [];
    private volatile string? _problem;

    // Only whoever is the one at work changes these, and looks at the file: the text in force and its version.
    private byte[] _content = [];
    private long _version;
    private bool _unkept;

    internal MappingStore(
        IOptions<IntakeOptions> options, IHostEnvironment environment, ExpressionCompiler expressions, MappingHistory history, Database database, TimeProvider clock,
        ILogger<MappingStore> logger, WorkflowCatalog? workflows = null, SourceCatalog? sources = null)
    {
        _workflows = workflows;
        _warnings = new RuleWarnings(workflows, sources);
        _name = options.Value.MappingsFile;
        _file = new MappingsFile(Path.GetFullPath(_name, environment.ContentRootPath));
        _expressions = expressions;
        _history = history;
        _database = database;
        _shared = database.Provider == DatabaseProvider.PostgreSql;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>The rules in force, those of highest priority first.</summary>
    public IReadOnlyList<MappingRule> Rules => [.. _rules.Current.Rules.Select(r => r.Rule)];

    /// <summary>Why the file as it is now, or the latest version, is not in force; null where it is.</summary>
    public string? Problem => _problem;

    /// <summary>The version in force; 0 before there is any.</summary>
    public long Version => Volatile.Read(ref _version);

    internal RuleSet Current => _rules.Current;

    internal ExpressionCompiler Expressions => _expressions;

    /// <summary>The rules of an earlier version beside the triggers of now; null where they cannot be used any more.</summary>
    internal RuleSet? RulesOf(MappingVersion version)
    {
        try
        {
            return _rules.OfPast(version.Number, () => Compile(_name, version.Content));
        }
        catch (MappingFileException)
        {
            return null;
        }
    }

    /// <summary>The mappings as they are written now, with their version: the file, or on PostgreSQL the latest version; empty where there is none.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public async Task<(byte[] Content, long Version)> ReadAsync(CancellationToken cancellationToken)
    {
        if (_shared)
            return await _history.LatestAsync(cancellationToken) is { } latest ? (latest.Content, latest.Number) : ([], 0);
        await _one.WaitAsync(cancellationToken);
        try
        {
            await LookAtFileAsync(cancellationToken);
            return (_file.Exists ? await _file.ReadAsync(cancellationToken) : [], _version);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Checks a mappings file without using it.</summary>
    /// <param name="json">Its content.</param>
    /// <param name="name">What messages call it; null for the name of the server's own.</param>
    public MappingsCheck Check(byte[] json, string? name = null)
    {
        try
        {
            var rules = MappingFile.Read(name ?? Path.GetFileName(_name), json, _expressions);
            return new MappingsCheck(rules.Count, null) { Warnings = _warnings.Of(rules) };
        }
        catch (MappingFileException e)
        {
            return new MappingsCheck(0, e.Message);
        }
    }

    /// <summary>What the rules in force name that is not there.</summary>
    public IReadOnlyList<string> Warnings() => _warnings.Of(_rules.Current.Rules);

    /// <summary>Puts a mappings file that has been checked in place of what is in force, at every server, and keeps it as a version.</summary>
    /// <param name="json">Its content.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="note">What they write to it; null for nothing.</param>
    /// <param name="expected">The version that they have seen; null for whatever is in force.</param>
    /// <param name="origin">Where it comes from.</param>
    /// <param name="cancellationToken">Ends it before anything is changed.</param>
    /// <exception cref="MappingConflictException">Another version is in force; nothing was changed.</exception>
    /// <exception cref="IOException">The file cannot be written; the old one stays.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    /// <exception cref="StorageUnavailableException">The database could not take it; nothing was changed.</exception>
    public async Task ApplyAsync(
        byte[] json, string? by, string? note = null, long? expected = null, MappingOrigin origin = MappingOrigin.Person, CancellationToken cancellationToken = default)
    {
        var rules = Compile(Path.GetFileName(_name), json);
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (_shared)
                await ApplySharedAsync(json, rules, by, note, expected, origin, cancellationToken);
            else
                await ApplyToFileAsync(json, rules, by, note, expected, origin, cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task ApplySharedAsync(
        byte[] json, IReadOnlyList<CompiledRule> rules, string? by, string? note, long? expected, MappingOrigin origin, CancellationToken cancellationToken)
    {
        while (true)
        {
            var latest = await _history.LatestNumberAsync(cancellationToken);
            if (expected is { } wanted && wanted != latest)
                throw new MappingConflictException(wanted, latest);
            if (await _history.AppendAsync(latest, json, origin, by, note, cancellationToken) is not { } version)
                continue;
            Take(version, rules);
            return;
        }
    }

    private async Task ApplyToFileAsync(
        byte[] json, IReadOnlyList<CompiledRule> rules, string? by, string? note, long? expected, MappingOrigin origin, CancellationToken cancellationToken)
    {
        // What somebody has written into the file this very moment is a version of its own.
        await LookAtFileAsync(cancellationToken);
        if (expected is { } wanted && wanted != _version)
            throw new MappingConflictException(wanted, _version);
        await _file.WriteAsync(json);
        try
        {
            if (await _history.AppendAsync(_version, json, origin, by, note, CancellationToken.None) is { } version)
                Take(version, rules);
        }
        catch (StorageUnavailableException e)
        {
            // The file is what is in force; its history follows.
            LogUnkept(e.Message);
            (_problem, _content, _unkept) = (null, json, true);
            _rules.UseWritten(rules);
        }
    }

    /// <summary>Reads the file if it has changed since the last look.</summary>
    /// <returns>Whether it had.</returns>
    internal async Task<bool> ReloadAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            return await LookAtFileAsync(cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    private IReadOnlyList<CompiledRule> Compile(string name, byte[] json) => json.Length == 0 ? [] : MappingFile.Read(name, json, _expressions);

    private async Task<bool> LookAtFileAsync(CancellationToken cancellationToken)
    {
        var (isNew, isThere) = _file.Look();
        if (!isNew)
        {
            if (_unkept)
                await KeepAsync(cancellationToken);
            return false;
        }

        try
        {
            var content = isThere ? await _file.ReadAsync(cancellationToken) : [];
            // Where servers share the rules, a file that is taken away takes nothing away.
            if (_shared && (!isThere || content.AsSpan().SequenceEqual(_content)))
                return true;
            // An empty file is a slip; that there is none is an answer.
            var rules = isThere ? MappingFile.Read(_name, content, _expressions) : [];
            _problem = null;
            _content = content;
            _rules.UseWritten(rules);
            if (isThere)
                LogLoaded(rules.Count, _name);
            else
                LogGone(_name);
            _unkept = true;
            await KeepAsync(cancellationToken);
        }
        catch (Exception e) when (e is MappingFileException or IOException or UnauthorizedAccessException)
        {
            LogBroken(e.Message, _rules.Written);
            _problem = e.Message;
        }

        return true;
    }

    /// <summary>Keeps what the file says as a version, unless the latest one says the same. The rules are in force already; where the database is away, the next look tries again.</summary>
    private async Task KeepAsync(CancellationToken cancellationToken)
    {
        try
        {
            MappingVersion? kept = null;
            while (kept is null)
            {
                var latest = await _history.LatestAsync(cancellationToken);
                if (latest is null && _content.Length == 0)
                    break;
                kept = latest?.Hash == MappingVersion.HashOf(_content)
                    ? latest
                    : await _history.AppendAsync(latest?.Number ?? 0, _content, MappingOrigin.File, null, null, cancellationToken);
            }

            Volatile.Write(ref _version, kept?.Number ?? 0);
            _unkept = false;
        }
        catch (StorageUnavailableException e)
        {
            LogUnkept(e.Message);
        }
    }

    /// <summary>At the start of one of several servers: the latest version holds, unless the file is one that there has never been.</summary>
    private async Task BeginSharedAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var latest = await _history.LatestAsync(cancellationToken);
            var isNews = _file.Exists && !await _history.IsKnownAsync(MappingVersion.HashOf(await _file.ReadAsync(cancellationToken)), cancellationToken);
            if (latest is not null)
                TakeLatest(latest);
            if (isNews || latest is null)
            {
                await LookAtFileAsync(cancellationToken);
                return;
            }

            if (_file.Look().IsThere && !(await _file.ReadAsync(cancellationToken)).AsSpan().SequenceEqual(latest.Content))
                LogOther(_name, latest.Number);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _problem = e.Message;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Takes over the version that another server has made.</summary>
    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (await _history.LatestNumberAsync(cancellationToken) > _version && await _history.LatestAsync(cancellationToken) is { } latest)
                TakeLatest(latest);
        }
        catch (StorageUnavailableException)
        {
            // Asked again with the next look.
        }
        finally
        {
            _one.Release();
        }
    }

    private void TakeLatest(MappingVersion latest)
    {
        try
        {
            Take(latest, Compile(_name, latest.Content));
            LogFollowed(_rules.Written, latest.Number);
        }
        catch (MappingFileException e)
        {
            // Made by a version of the program that understands more.
            var problem = $"Version {latest.Number} of the mappings cannot be used by this server: {e.Message}";
            LogBroken(problem, _rules.Written);
            _problem = problem;
        }
    }

    private void Take(MappingVersion version, IReadOnlyList<CompiledRule> rules)
    {
        _problem = null;
        _content = version.Content;
        Volatile.Write(ref _version, version.Number);
        _rules.UseWritten(rules);
    }

    /// <summary>Takes over the triggers of the workflows that are published now.</summary>
    internal void ReloadTriggers()
    {
        if (_workflows is not null)
            _rules.UseTriggers(() => [.. TriggerRules.From(_workflows, _expressions)]);
    }

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_shared)
        {
            await BeginSharedAsync(cancellationToken);
            _listening.Add(_database.Listen(MappingHistory.Channel, said => _ = Task.Run(() => FollowAsync(CancellationToken.None))));
        }
        else
        {
            await ReloadAsync(cancellationToken);
        }

        // The catalog has been filled by now, and routing begins after this.
        _listening.Add(_workflows?.OnChanged(_ => ReloadTriggers()));
        ReloadTriggers();
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var listening in _listening)
            listening?.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, _clock);
        try
        {
            for (var looks = 1; await timer.WaitForNextTickAsync(stoppingToken); looks++)
            {
                await ReloadAsync(stoppingToken);
                if (_shared && looks % LooksPerQuestion == 0)
                    await FollowAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    [LoggerMessage(LogLevel.Information, "{Rules} mapping rules are in force from {File}")]
    private partial void LogLoaded(int rules, string file);

    [LoggerMessage(LogLevel.Warning, "{File} is gone; no mapping rules are in force")]
    private partial void LogGone(string file);

    [LoggerMessage(LogLevel.Information, "{Rules} mapping rules are in force from version {Version} in the database")]
    private partial void LogFollowed(int rules, long version);

    [LoggerMessage(LogLevel.Warning, "{File} is an earlier version of the mappings than the one in force ({Version}), so it is not used; put it in force with: mappings apply")]
    private partial void LogOther(string file, long version);

    [LoggerMessage(LogLevel.Warning, "The change of the mappings could not be kept in their history yet: {Reason}")]
    private partial void LogUnkept(string reason);

    [LoggerMessage(LogLevel.Error, "{Problem} The last good version ({Rules} rules) stays in force")]
    private partial void LogBroken(string problem, int rules);
}
