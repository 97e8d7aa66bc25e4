using System.Collections.Concurrent;
using Automation.Intake.Routing;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Runtime;

namespace Automation.Intake.Tests.Support;

/// <summary>A workflow engine that only commits what a start must commit, and remembers it. Faults can be put in.</summary>
internal sealed class RecordingStarter(Database database) : IWorkflowStarter
{
    private readonly ConcurrentQueue<WorkflowStart> _starts = new();
    private static readonly SqlStatement InsertInstance = new(
        "INSERT INTO workflow_instances (id, definition_id, definition_version_id, definition_version, sub_status, is_system, incident_count, created_at, updated_at, revision, state) "
        + "VALUES ($1, $2, $2, 1, 2, false, 0, $3, $3, 1, '{}')");

    private static readonly SqlStatement FinishInstance = new("UPDATE workflow_instances SET finished_at = $2 WHERE id = $1 AND finished_at IS NULL");

    private readonly List<Action<string>> _listeners = [];
    private readonly SemaphoreSlim _started = new(0);
    private Database _database = database;

    public IReadOnlyList<WorkflowStart> Starts => [.. _starts];

    /// <summary>Whether starts are kept; off where there are too many.</summary>
    public bool Remembers { get; set; } = true;

    /// <summary>Runs before the commit: throw, or wait, to make the engine fail or be slow.</summary>
    public Func<WorkflowStart, CancellationToken, Task>? Before { get; set; }

    /// <summary>Runs after the commit.</summary>
    public Func<WorkflowStart, Task>? After { get; set; }

    /// <summary>Whether starts leave an instance that runs until <see cref="EndAsync"/>, as the engine's do.</summary>
    public bool KeepsRunning { get; set; }

    /// <summary>Instances that were cancelled, in order.</summary>
    public ConcurrentQueue<(string InstanceId, string Reason)> Cancelled { get; } = new();

    public void Use(Database another) => _database = another;

    /// <summary>Lets an instance end.</summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="tell">Whether this process notices: not where another server ran it.</param>
    public async Task EndAsync(string instanceId, bool tell = true)
    {
        await _database.CommitAsync(new WriteUnit().AddExpectingOne(FinishInstance, instanceId, 1));
        if (tell)
            Tell(instanceId);
    }

    public async Task CancelAsync(string instanceId, string reason, CancellationToken cancellationToken)
    {
        Cancelled.Enqueue((instanceId, reason));
        await EndAsync(instanceId);
    }

    public IDisposable OnEnded(Action<string> listener)
    {
        lock (_listeners)
            _listeners.Add(listener);
        return new Listening(this, listener);
    }

    public async Task<InstanceSnapshot?> StartAsync(WorkflowStart start, Action<WriteUnit> companion, CancellationToken cancellationToken)
    {
        if (Before is { } before)
            await before(start, cancellationToken);
        var unit = new WriteUnit();
        if (KeepsRunning)
            unit.AddExpectingOne(InsertInstance, start.InstanceId, start.DefinitionId, SqlValue.Micros(TimeProvider.System.GetUtcNow()));
        companion(unit);
        await _database.CommitAsync(unit, cancellationToken: cancellationToken);
        if (Remembers)
            _starts.Enqueue(start);
        _started.Release();
        if (After is { } after)
            await after(start);
        return null;
    }

    /// <summary>Waits until so many more starts have happened.</summary>
    public async Task WaitAsync(int count)
    {
        for (var i = 0; i < count; i++)
            Assert.True(await _started.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken), $"only {_starts.Count} starts came");
    }

    private void Tell(string instanceId)
    {
        Action<string>[] listeners;
        lock (_listeners)
            listeners = [.. _listeners];
        foreach (var listener in listeners)
            listener(instanceId);
    }

    private sealed class Listening(RecordingStarter owner, Action<string> listener) : IDisposable
    {
        public void Dispose()
        {
            lock (owner._listeners)
                owner._listeners.Remove(listener);
        }
    }
}
