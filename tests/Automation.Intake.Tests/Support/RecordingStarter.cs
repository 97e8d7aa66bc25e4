using System.Collections.Concurrent;
using Automation.Intake.Routing;
using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Intake.Tests.Support;

/// <summary>A workflow engine that only commits what a start must commit, and remembers it. Faults can be put in.</summary>
internal sealed class RecordingStarter(Database database) : IWorkflowStarter
{
    private readonly ConcurrentQueue<WorkflowStart> _starts = new();
    private readonly SemaphoreSlim _started = new(0);
    private Database _database = database;

    public IReadOnlyList<WorkflowStart> Starts => [.. _starts];

    /// <summary>Whether starts are kept; off where there are too many.</summary>
    public bool Remembers { get; set; } = true;

    /// <summary>Runs before the commit: throw, or wait, to make the engine fail or be slow.</summary>
    public Func<WorkflowStart, CancellationToken, Task>? Before { get; set; }

    /// <summary>Runs after the commit.</summary>
    public Func<WorkflowStart, Task>? After { get; set; }

    public void Use(Database another) => _database = another;

    public async Task StartAsync(WorkflowStart start, Action<WriteUnit> companion, CancellationToken cancellationToken)
    {
        if (Before is { } before)
            await before(start, cancellationToken);
        var unit = new WriteUnit();
        companion(unit);
        await _database.CommitAsync(unit, cancellationToken: cancellationToken);
        if (Remembers)
            _starts.Enqueue(start);
        _started.Release();
        if (After is { } after)
            await after(start);
    }

    /// <summary>Waits until so many more starts have happened.</summary>
    public async Task WaitAsync(int count)
    {
        for (var i = 0; i < count; i++)
            Assert.True(await _started.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken), $"only {_starts.Count} starts came");
    }
}
