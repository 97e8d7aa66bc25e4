using System.Text;
using Automation.Workflows.Definitions;
using Automation.Workflows.Runtime;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Workflows.Management;

/// <summary>A file of the workflows directory that cannot be used; the last good version stays in force.</summary>
/// <param name="File">The file, relative to the directory.</param>
/// <param name="Line">The line, from 1; null where it is not known.</param>
/// <param name="Reason">What is wrong.</param>
public sealed record FileProblem(string File, int? Line, string Reason)
{
    /// <inheritdoc/>
    public override string ToString() => Line is { } line ? $"{File}, line {line}: {Reason}" : $"{File}: {Reason}";
}

/// <summary>What one look at the workflows directory did.</summary>
/// <param name="Published">Definition ids that got a new version.</param>
/// <param name="Unchanged">How many files were as they are stored.</param>
/// <param name="Retracted">Definition ids whose file is gone.</param>
/// <param name="Problems">Files that cannot be used.</param>
public sealed record FolderScan(IReadOnlyList<string> Published, int Unchanged, IReadOnlyList<string> Retracted, IReadOnlyList<FileProblem> Problems);

/// <summary>Publishes the definitions of the workflows directory at start and whenever a file changes.</summary>
public sealed partial class WorkflowFolder : IHostedLifecycleService, IAsyncDisposable
{
    /// <summary>Files of the directory that belong to someone else.</summary>
    private static readonly HashSet<string> NotDefinitions = new(StringComparer.OrdinalIgnoreCase) { "mappings.json" };

    private readonly WorkflowDefinitionManager _manager;
    private readonly WorkflowCatalog _catalog;
    private readonly DefinitionFiles _files;
    private readonly WorkflowOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _oneScan = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();

    // What was seen of each file at the last scan, so that a scan after one change does not read all others.
    private readonly Dictionary<string, (DateTime Written, long Length, FileProblem[] Problems, string? DefinitionId)> _seen = new(StringComparer.Ordinal);
    private readonly Listeners<FolderScan> _scanned = new();
    private FileSystemWatcher? _watcher;
    private ITimer? _debounce;
    private Task _reload = Task.CompletedTask;
    private bool _disposed;

    internal WorkflowFolder(
        WorkflowDefinitionManager manager, WorkflowCatalog catalog, DefinitionFiles files, IOptions<WorkflowOptions> options, TimeProvider clock, ILogger<WorkflowFolder> logger)
    {
        _manager = manager;
        _catalog = catalog;
        _files = files;
        _options = options.Value;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>Files that cannot be used at present.</summary>
    public IReadOnlyList<FileProblem> Problems { get; private set; } = [];

    /// <summary>Listens to scans of the directory; dispose what is returned to stop.</summary>
    public IDisposable OnScanned(Action<FolderScan> listener) => _scanned.Add(listener);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Reads what is in force, then the directory: before jobs run and requests come in, which rely on it.</summary>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await _catalog.LoadAsync(cancellationToken);
        if (_files.Root is not { } root)
            return;
        if (!Directory.Exists(root))
        {
            LogNoDirectory(root);
            return;
        }

        // Watching begins before the first scan, so that no change falls between the two.
        _debounce = _clock.CreateTimer(_ => Reload(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _watcher = new FileSystemWatcher(root, "*.json");
        _watcher.Changed += (_, _) => Touch();
        _watcher.Created += (_, _) => Touch();
        _watcher.Deleted += (_, _) => Touch();
        _watcher.Renamed += (_, _) => Touch();
        _watcher.Error += (_, _) => Touch();
        _watcher.EnableRaisingEvents = true;
        await ScanAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _watcher?.Dispose();
        if (_debounce is not null)
            await _debounce.DisposeAsync();
        await _stopping.CancelAsync();
        await _reload.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Known to the container as itself and as a hosted service, so it is disposed twice.
        if (_disposed)
            return;
        _disposed = true;
        await StopAsync(CancellationToken.None);
        _oneScan.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Looks at the directory now.</summary>
    /// <param name="cancellationToken">Ends the scan between two files.</param>
    public async Task<FolderScan> ScanAsync(CancellationToken cancellationToken = default)
    {
        if (_files.Root is not { } root || !Directory.Exists(root))
            return new FolderScan([], 0, [], []);
        await _oneScan.WaitAsync(cancellationToken);
        try
        {
            var scan = await ScanOnceAsync(root, cancellationToken);
            Problems = scan.Problems;
            if (scan.Published.Count + scan.Retracted.Count > 0 || _seen.Count == 0)
                LogScanned(scan.Published.Count, scan.Unchanged, scan.Retracted.Count, scan.Problems.Count);
            _scanned.Tell(scan, LogScanFailed);
            return scan;
        }
        finally
        {
            _oneScan.Release();
        }
    }

    private async Task<FolderScan> ScanOnceAsync(string root, CancellationToken cancellationToken)
    {
        var published = new List<string>();
        var problems = new List<FileProblem>();
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        var unchanged = 0;
        var files = Directory.EnumerateFiles(root, "*.json").Select(f => Path.GetFileName(f)).Where(f => !NotDefinitions.Contains(f)).Order(StringComparer.Ordinal).ToList();
        foreach (var file in files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var info = new FileInfo(Path.Combine(root, file));
            if (!info.Exists)
                continue;
            var known = _seen.TryGetValue(file, out var seen) && seen.Written == info.LastWriteTimeUtc && seen.Length == info.Length;
            if (!known)
            {
                var (changed, definitionId, found) = await LoadAsync(root, file, owners, cancellationToken);
                foreach (var problem in found)
                    LogProblem(problem.File, problem.Line, problem.Reason);
                if (changed)
                    published.Add(definitionId!);
                seen = (info.LastWriteTimeUtc, info.Length, found, definitionId);
                _seen[file] = seen;
            }

            if (seen.Problems.Length == 0 && (known || !published.Contains(seen.DefinitionId!)))
                unchanged++;
            problems.AddRange(seen.Problems);
            if (seen.DefinitionId is { } id)
                owners.TryAdd(id, file);
        }

        foreach (var gone in _seen.Keys.Except(files).ToList())
            _seen.Remove(gone);
        var retracted = new List<string>();
        foreach (var definition in await _manager.ListFromFilesAsync(cancellationToken))
        {
            // A broken file still speaks for its definition: the last good version stays in force.
            if (files.Contains(definition.SourceFile!, StringComparer.Ordinal) || owners.ContainsKey(definition.DefinitionId) || retracted.Contains(definition.DefinitionId))
                continue;
            await _manager.ForgetFileAsync(definition.DefinitionId, cancellationToken);
            retracted.Add(definition.DefinitionId);
        }

        return new FolderScan(published, unchanged, retracted, problems);
    }

    private async Task<(bool Changed, string? DefinitionId, FileProblem[] Problems)> LoadAsync(
        string root, string file, Dictionary<string, string> owners, CancellationToken cancellationToken)
    {
        string text;
        WorkflowDefinition model;
        try
        {
            var bytes = await File.ReadAllBytesAsync(Path.Combine(root, file), cancellationToken);
            text = Encoding.UTF8.GetString(bytes);
            model = WorkflowDefinition.Parse(bytes);
        }
        catch (IOException e)
        {
            return (false, null, [new FileProblem(file, null, e.Message)]);
        }
        catch (DefinitionException e)
        {
            return (false, null, [.. e.Problems.Select(p => new FileProblem(file, LineIn(p.Reason), p.ToString()))]);
        }

        if (string.IsNullOrWhiteSpace(model.DefinitionId))
            model.DefinitionId = Path.GetFileNameWithoutExtension(file);
        if (owners.TryGetValue(model.DefinitionId, out var owner))
            return (false, null, [new FileProblem(file, LineOf(text, "definitionId", model.DefinitionId), $"The definition id '{model.DefinitionId}' is used by {owner} already.")]);

        var (changed, found) = await _manager.LoadFileAsync(model, file, cancellationToken);
        return (changed, model.DefinitionId, [.. found
            .Where(p => p.Severity == ProblemSeverity.Error)
            .Select(p => new FileProblem(file, p.ActivityId is null ? null : LineOf(text, "id", p.ActivityId), p.ToString()))]);
    }

    /// <summary>The line on which a member has a value; null where it is not found as plain text.</summary>
    internal static int? LineOf(string json, string member, string value)
    {
        var quoted = $"\"{value}\"";
        for (var at = json.IndexOf(quoted, StringComparison.Ordinal); at >= 0; at = json.IndexOf(quoted, at + 1, StringComparison.Ordinal))
        {
            var before = json.AsSpan(0, at).TrimEnd();
            if (before.EndsWith(":") && before[..^1].TrimEnd().EndsWith($"\"{member}\""))
                return json.AsSpan(0, at).Count('\n') + 1;
        }

        return null;
    }

    /// <summary>The line that the JSON reader names in its message.</summary>
    private static int? LineIn(string reason) =>
        JsonLine().Match(reason) is { Success: true } match ? int.Parse(match.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture) : null;

    [System.Text.RegularExpressions.GeneratedRegex("^Not valid JSON at line ([0-9]{1,9})")]
    private static partial System.Text.RegularExpressions.Regex JsonLine();

    private void Touch() => _debounce?.Change(_options.ReloadDelay, Timeout.InfiniteTimeSpan);

    private void Reload() => _reload = Task.Run(async () =>
    {
        try
        {
            await ScanAsync(_stopping.Token);
        }
        catch (Exception e) when (!_stopping.IsCancellationRequested)
        {
            // The directory or the database may be away for a moment; the next change looks again.
            LogScanFailed(e);
        }
    });

    [LoggerMessage(LogLevel.Information, "Workflows directory: {Published} published, {Unchanged} unchanged, {Retracted} retracted, {Problems} problems")]
    private partial void LogScanned(int published, int unchanged, int retracted, int problems);

    [LoggerMessage(LogLevel.Warning, "Workflow file {File}, line {Line}, cannot be used, the last good version stays in force: {Reason}")]
    private partial void LogProblem(string file, int? line, string reason);

    [LoggerMessage(LogLevel.Warning, "There is no workflows directory {Directory}")]
    private partial void LogNoDirectory(string directory);

    [LoggerMessage(LogLevel.Error, "Could not look at the workflows directory")]
    private partial void LogScanFailed(Exception exception);
}
