using Automation.Workflows.Activities;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;
using Automation.Workflows.Journal;

namespace Automation.Workflows.Tests.Engine.Support;

/// <summary>An instance as the in-memory host keeps it, with everything that its bursts reported.</summary>
internal sealed class HostedInstance(CompiledWorkflow workflow, InstanceState state)
{
    public CompiledWorkflow Workflow { get; } = workflow;

    public InstanceState State { get; set; } = state;

    public string Id => State.Id;

    public List<JournalEntry> Journal { get; } = [];

    public SortedDictionary<long, ActivityRecord> Records { get; } = [];

    public List<string> Lines { get; } = [];

    public List<WorkflowEffect> Effects { get; } = [];

    /// <summary>How it stood when it first had nothing more to do by itself: what a caller of execute is told.</summary>
    public (WorkflowStatus Status, WorkflowSubStatus SubStatus)? FirstIdle { get; set; }

    public IEnumerable<string> JournalLines => Journal.OrderBy(j => j.Sequence).Select(j => $"{j.Activity.Id}:{j.Event}");
}

/// <summary>Runs workflows in memory the way the runtime does: every effect is carried out at once, every state goes through its stored form when asked to.</summary>
internal sealed class InMemoryHost : IWorkflowSource
{
    private readonly Dictionary<string, CompiledWorkflow> _published = new(StringComparer.Ordinal);
    private readonly List<WorkflowDefinition> _versionsPublished = [];
    private readonly Queue<Action> _later = new();
    private int _versions;

    public InMemoryHost(TimeProvider? time = null, WorkflowEngineOptions? options = null)
    {
        Time = time ?? TimeProvider.System;
        Engine = new WorkflowEngine(Time, options, id => _published.ContainsKey(id));
        Catalog = new ActivityCatalog();
        Compiler = new WorkflowCompiler(Catalog, this, options);
    }

    public TimeProvider Time { get; }

    public WorkflowEngine Engine { get; }

    public ActivityCatalog Catalog { get; }

    public WorkflowCompiler Compiler { get; }

    public List<HostedInstance> Instances { get; } = [];

    /// <summary>Whether states are written and read back between bursts.</summary>
    public bool Restart { get; init; }

    /// <summary>Runs background operations; by default they fail.</summary>
    public Func<RunInBackground, OperationResult> Execute { get; set; } =
        o => new OperationResult { Error = new OperationError(OperationErrorKind.Failed, $"Nothing executes {o.Activity.Type} here.") };

    public CompiledWorkflow Publish(WorkflowDefinition definition)
    {
        definition.Id ??= $"v{++_versions}";
        definition.DefinitionId ??= definition.Name ?? $"d{_versions}";
        definition.IsPublished = definition.IsLatest = true;
        var compiled = Compiler.Compile(definition);
        _versionsPublished.Add(definition);
        _published[definition.DefinitionId] = compiled;
        return compiled;
    }

    public CompiledWorkflow Publish(string json) => Publish(WorkflowDefinition.Parse(json));

    public CompiledWorkflow? Find(string definitionId) => _published.GetValueOrDefault(definitionId);

    public WorkflowDefinition? FindActivity(string activityType, string? definitionId, string? versionId, int version = 0)
    {
        var candidates = _versionsPublished.FindAll(d =>
            d.UsableAsActivity && (definitionId is null ? WorkflowActivities.TypeName(d.Name ?? "") == activityType : d.DefinitionId == definitionId));
        return _versionsPublished.Find(d => d.Id == versionId) ?? candidates.FindLast(d => d.Version == version) ?? candidates.LastOrDefault();
    }

    /// <summary>Starts an instance and runs everything that follows; null if the activation strategy refuses it.</summary>
    public HostedInstance? Start(string definitionId, NewInstance? instance = null, Stimulus.Start? start = null)
    {
        var workflow = _published[definitionId];
        if (!MayStart(workflow, instance?.CorrelationId))
            return null;
        var hosted = new HostedInstance(workflow, Engine.Create(workflow, instance));
        Instances.Add(hosted);
        Run(hosted, start ?? new Stimulus.Start());
        Drain();
        return hosted;
    }

    public bool Resume(HostedInstance instance, string bookmarkId, object? payload = null)
    {
        var end = Run(instance, new Stimulus.Resume(bookmarkId, payload));
        Drain();
        return end != BurstEnd.Nothing;
    }

    public void Send(HostedInstance instance, Stimulus stimulus)
    {
        Run(instance, stimulus);
        Drain();
    }

    public void PublishEvent(string name, object? payload = null, string? correlationId = null, string? instanceId = null)
    {
        var hash = StimulusHash.Event(name);
        if (instanceId is null)
        {
            foreach (var workflow in _published.Values.ToArray())
            {
                foreach (var trigger in workflow.Triggers.Where(t => string.Equals(t.Hash, hash, StringComparison.Ordinal)))
                {
                    Start(
                        workflow.DefinitionId,
                        new NewInstance { CorrelationId = correlationId },
                        new Stimulus.Start(trigger.ActivityId, payload) { IsTriggered = true });
                }
            }
        }

        ResumeAll(hash, payload, i => (instanceId is null || i.Id == instanceId) && (correlationId is null || i.State.CorrelationId == correlationId));
        Drain();
    }

    public void CompleteTask(string taskId, object? result)
    {
        ResumeAll(StimulusHash.Task(taskId), result, _ => true);
        Drain();
    }

    /// <summary>Resumes what is due at the host's time.</summary>
    public void RunDue()
    {
        foreach (var instance in Instances.ToArray())
        {
            foreach (var bookmark in instance.State.Bookmarks.Where(b => b.DueAt <= Time.GetUtcNow()).OrderBy(b => b.DueAt).ToArray())
                Run(instance, new Stimulus.Resume(bookmark.Id));
        }

        Drain();
    }

    private void ResumeAll(string hash, object? payload, Func<HostedInstance, bool> filter)
    {
        foreach (var instance in Instances.Where(i => i.State.Status == WorkflowStatus.Running && filter(i)).ToArray())
        {
            foreach (var bookmark in instance.State.Bookmarks.Where(b => string.Equals(b.Hash, hash, StringComparison.Ordinal)).ToArray())
                Run(instance, new Stimulus.Resume(bookmark.Id, payload));
        }
    }

    private bool MayStart(CompiledWorkflow workflow, string? correlationId)
    {
        var running = Instances.Where(i => i.State.Status == WorkflowStatus.Running);
        return workflow.ActivationStrategy switch
        {
            ActivationStrategy.Singleton => !running.Any(i => i.Workflow.DefinitionId == workflow.DefinitionId),
            ActivationStrategy.CorrelatedSingleton => !running.Any(i => i.Workflow.DefinitionId == workflow.DefinitionId && i.State.CorrelationId == correlationId),
            ActivationStrategy.Correlation => !running.Any(i => i.State.CorrelationId == correlationId),
            _ => true,
        };
    }

    private BurstEnd Run(HostedInstance instance, Stimulus stimulus)
    {
        while (true)
        {
            var wasFinished = instance.State.Status == WorkflowStatus.Finished;
            var result = Engine.Run(instance.Workflow, instance.State, stimulus);
            if (result.End == BurstEnd.Idle)
                instance.FirstIdle ??= (instance.State.Status, instance.State.SubStatus);
            Take(instance, result, wasFinished);
            if (Restart)
                instance.State = InstanceState.Deserialize(instance.State.Serialize(), instance.Workflow);
            if (result.End != BurstEnd.CommitPoint)
                return result.End;
            stimulus = new Stimulus.Continue();
        }
    }

    private void Take(HostedInstance instance, BurstResult result, bool wasFinished)
    {
        instance.Journal.AddRange(result.Journal);
        foreach (var record in result.Records)
            instance.Records[record.Ordinal] = record;
        foreach (var effect in result.Effects)
        {
            instance.Effects.Add(effect);
            switch (effect)
            {
                case ConsoleLine line:
                    instance.Lines.Add(line.Text);
                    break;
                case PublishEventEffect e:
                    _later.Enqueue(() => PublishEvent(e.Name, e.Payload, e.CorrelationId, e.InstanceId));
                    break;
                case RunInBackground operation:
                    _later.Enqueue(() => Run(instance, new Stimulus.OperationEnded(operation.OperationId, Execute(operation))));
                    break;
                case StartWorkflow child when child.OperationId is not null:
                    ExecuteChild(instance, child);
                    break;
                case StartWorkflow child:
                    _later.Enqueue(() => StartChild(child));
                    break;
                case CancelWorkflow cancel:
                    _later.Enqueue(() =>
                    {
                        if (Instances.Find(i => i.Id == cancel.InstanceId) is { } child)
                            Run(child, new Stimulus.Cancel());
                    });
                    break;
            }
        }

        if (!wasFinished && instance.State is { Status: WorkflowStatus.Finished, ParentInstanceId: not null })
        {
            var outcome = new ChildResult(instance.Id, instance.State.Status, instance.State.SubStatus, new Dictionary<string, object?>(instance.State.Output)).ToPlain();
            foreach (var name in (string[])[StimulusNames.DispatchWorkflow, StimulusNames.ExecuteWorkflow, StimulusNames.BulkDispatchWorkflows])
                _later.Enqueue(() => ResumeAll(StimulusHash.Child(name, instance.Id), outcome, _ => true));
        }
    }

    private HostedInstance? StartChild(StartWorkflow child)
    {
        if (!_published.TryGetValue(child.DefinitionId, out var workflow))
            return null;
        var hosted = new HostedInstance(workflow, Engine.Create(workflow, new NewInstance
        {
            Id = child.InstanceId,
            CorrelationId = child.CorrelationId,
            ParentInstanceId = child.ParentInstanceId,
            Input = child.Input,
        }));
        Instances.Add(hosted);
        Run(hosted, new Stimulus.Start());
        return hosted;
    }

    private void ExecuteChild(HostedInstance parent, StartWorkflow child) =>
        _later.Enqueue(() =>
        {
            var hosted = StartChild(child);
            DrainInner();
            var result = hosted is null
                ? new OperationResult { Error = new OperationError(OperationErrorKind.Failed, $"No published version of workflow definition with ID {child.DefinitionId} found.", "Exception") }
                : new OperationResult
                {
                    Outputs = new ChildResult(hosted.Id, hosted.State.Status, hosted.State.SubStatus, new Dictionary<string, object?>(hosted.State.Output)).ToPlain(),
                };
            Run(parent, new Stimulus.OperationEnded(child.OperationId!, result));
        });

    private void Drain()
    {
        while (_later.TryDequeue(out var next))
            next();
    }

    private void DrainInner() => Drain();
}
