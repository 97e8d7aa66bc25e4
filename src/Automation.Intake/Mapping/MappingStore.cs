using Automation.Workflows.Management;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Intake.Mapping;

/// <summary>
/// The mapping rules in force: those of the file, and one for each event trigger of a published workflow. The file is looked at once a second, by time and size: watchers of the file system miss
/// changes on network shares and in containers, and one look costs nothing. A broken file changes nothing.
/// </summary>
public sealed partial class MappingStore : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly string _file;
    private readonly string _name;
    private readonly ExpressionCompiler _expressions;
    private readonly TimeProvider _clock;
    private readonly ILogger<MappingStore> _logger;

    private readonly Lock _gate = new();
    private readonly Lock _reload = new();
    private readonly WorkflowCatalog? _workflows;

    // Guarded by the gate: the two halves of what is in force.
    private IReadOnlyList<CompiledRule> _ofFile = [];
    private IReadOnlyList<CompiledRule> _ofTriggers = [];

    private volatile RuleSet _rules = RuleSet.Empty;
    private IDisposable? _listening;
    private volatile string? _problem;
    private (DateTime Written, long Length) _seen;

    internal MappingStore(
        IOptions<IntakeOptions> options, IHostEnvironment environment, ExpressionCompiler expressions, TimeProvider clock, ILogger<MappingStore> logger,
        WorkflowCatalog? workflows = null)
    {
        _workflows = workflows;
        _name = options.Value.MappingsFile;
        _file = Path.GetFullPath(_name, environment.ContentRootPath);
        _expressions = expressions;
        _clock = clock;
        _logger = logger;
        Reload();
    }

    /// <summary>The rules in force, those of highest priority first.</summary>
    public IReadOnlyList<MappingRule> Rules => [.. _rules.Rules.Select(r => r.Rule)];

    /// <summary>Why the file as it is now is not in force; null where it is.</summary>
    public string? Problem => _problem;

    internal RuleSet Current => _rules;

    internal ExpressionCompiler Expressions => _expressions;

    /// <summary>The mappings file as it is now; empty where there is none.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public async Task<byte[]> ReadFileAsync(CancellationToken cancellationToken) =>
        File.Exists(_file) ? await File.ReadAllBytesAsync(_file, cancellationToken) : [];

    /// <summary>Checks a mappings file without using it.</summary>
    /// <param name="json">Its content.</param>
    public MappingsCheck Check(byte[] json)
    {
        try
        {
            return new MappingsCheck(MappingFile.Read(Path.GetFileName(_name), json, _expressions).Count, null);
        }
        catch (MappingFileException e)
        {
            return new MappingsCheck(0, e.Message);
        }
    }

    /// <summary>Writes a file that has been checked in place of the one in force, and uses it.</summary>
    /// <param name="json">Its content.</param>
    /// <param name="cancellationToken">Ends it before the file is replaced.</param>
    /// <exception cref="IOException">The file cannot be written; the old one stays.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public async Task ApplyAsync(byte[] json, CancellationToken cancellationToken)
    {
        // Beside the file and then renamed: nobody ever reads half of it.
        var next = _file + ".next";
        await File.WriteAllBytesAsync(next, json, cancellationToken);
        File.Move(next, _file, overwrite: true);
        lock (_reload)
        {
            _seen = default;
            Reload();
        }
    }

    /// <summary>Reads the file if it has changed since the last look.</summary>
    /// <returns>Whether it had.</returns>
    internal bool Reload()
    {
        lock (_reload)
            return ReloadLocked();
    }

    private bool ReloadLocked()
    {
        var info = new FileInfo(_file);
        var now = info.Exists ? (info.LastWriteTimeUtc, info.Length) : default;
        if (now == _seen)
            return false;
        _seen = now;
        if (!info.Exists)
        {
            _problem = null;
            Use(file: []);
            LogGone(_name);
            return true;
        }

        try
        {
            var rules = MappingFile.Read(_name, File.ReadAllBytes(_file), _expressions);
            Use(file: rules);
            _problem = null;
            LogLoaded(rules.Count, _name);
        }
        catch (Exception e) when (e is MappingFileException or IOException or UnauthorizedAccessException)
        {
            _problem = e.Message;
            LogBroken(e.Message, _ofFile.Count);
        }

        return true;
    }

    /// <summary>Takes over the triggers of the workflows that are published now.</summary>
    internal void ReloadTriggers()
    {
        if (_workflows is not null)
            Use(triggers: () => [.. TriggerRules.From(_workflows, _expressions)]);
    }

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // The catalog has been filled by now, and routing begins after this.
        _listening = _workflows?.OnChanged(_ => ReloadTriggers());
        ReloadTriggers();
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _listening?.Dispose();
        base.Dispose();
    }

    private void Use(IReadOnlyList<CompiledRule>? file = null, Func<IReadOnlyList<CompiledRule>>? triggers = null)
    {
        lock (_gate)
        {
            _ofFile = file ?? _ofFile;
            // Read under the gate, so that of two changes the later one is what stays.
            _ofTriggers = triggers?.Invoke() ?? _ofTriggers;
            _rules = new RuleSet([.. _ofFile, .. _ofTriggers]);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, _clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                Reload();
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

    [LoggerMessage(LogLevel.Error, "{Problem} The last good version ({Rules} rules) stays in force")]
    private partial void LogBroken(string problem, int rules);
}

/// <summary>What a check of a mappings file found.</summary>
/// <param name="Rules">How many rules it has.</param>
/// <param name="Problem">Why it cannot be used, with file and line; null where it can.</param>
public sealed record MappingsCheck(int Rules, string? Problem);
