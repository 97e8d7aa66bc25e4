using System.Runtime.CompilerServices;
using Automation.Expressions.JavaScript.Builtins;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Execution;

internal static class AsyncFunctions
{
    /// <summary>Runs an async function up to its first wait. The call has been entered already.</summary>
    public static JsValue Start(ScriptFunction function, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var realm = function.Realm;
        var promise = new JsPromise(realm);
        var depth = realm.Depth;
        try
        {
            // A frame of its own: it outlives the call.
            var f = new Frame(realm);
            f.Prepare(function.Code.LocalCount);
            function.Code.Bind(f, function, self, arguments, newTarget: null);
            Follow(function.Code.ExecuteAsync(f), promise);
        }
        catch (JsThrow e)
        {
            promise.Reject(e.Value);
        }

        realm.Depth = depth - 1;
        return promise;
    }

    public static void Follow(Step<JsValue> step, JsPromise promise)
    {
        var awaiter = step.GetAwaiter();
        if (awaiter.IsCompleted)
            Settle(awaiter, promise);
        else
            awaiter.OnCompleted(() => Settle(awaiter, promise));
    }

    private static void Settle(StepAwaiter<JsValue> awaiter, JsPromise promise)
    {
        JsValue value;
        try
        {
            value = awaiter.GetResult();
        }
        catch (JsThrow e)
        {
            promise.Reject(e.Value, e.Offset);
            return;
        }

        promise.Resolve(value);
    }
}

/// <summary>Waits for a promise; what waits goes on as a job.</summary>
internal sealed class PromiseAwaiter(Realm realm, JsValue value) : ICriticalNotifyCompletion
{
    private JsValue _result;
    private bool _rejected;
    private int _offset;

    public bool IsCompleted => false;

    public PromiseAwaiter GetAwaiter() => this;

    public JsValue GetResult() => _rejected ? throw new JsThrow(_result) { Offset = _offset } : _result;

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        JsPromise promise;
        try
        {
            promise = JsPromise.From(realm, value);
        }
        catch (JsThrow e)
        {
            promise = new JsPromise(realm);
            promise.Reject(e.Value);
        }

        promise.Subscribe(
            result =>
            {
                _result = result;
                continuation();
            },
            error =>
            {
                _result = error;
                _rejected = true;
                _offset = promise.RejectedAt;
                continuation();
            });
    }
}

/// <summary>Jobs that wait for the running code to end: reactions to promises.</summary>
internal sealed class JobQueue(Realm realm)
{
    private readonly Queue<Action> _jobs = new();

    public void Add(Action job) => _jobs.Enqueue(job);

    /// <summary>Runs until no job is left.</summary>
    public void Run()
    {
        while (_jobs.TryDequeue(out var job))
        {
            realm.Depth = 0;
            realm.Step();
            job();
        }
    }
}
