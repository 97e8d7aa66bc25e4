using Automation.Expressions.JavaScript.Execution;
using Automation.Expressions.JavaScript.Hosting;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

internal enum PromiseState
{
    Pending,
    Fulfilled,
    Rejected,
}

/// <summary>A promise.</summary>
internal sealed class JsPromise : JsObject
{
    private readonly Realm _realm;
    private List<(Action<JsValue> OnFulfilled, Action<JsValue> OnRejected)>? _reactions = [];
    private bool _resolved;

    public JsPromise(Realm realm, JsObject? prototype = null)
        : base(prototype ?? realm.Intrinsic(IntrinsicId.PromisePrototype))
    {
        _realm = realm;
    }

    public override string ClassName => "Promise";

    public PromiseState State { get; private set; }

    public JsValue Result { get; private set; }

    /// <summary>Where in the source the rejection was thrown; -1 if unknown.</summary>
    public int RejectedAt { get; private set; } = -1;

    /// <summary>The value itself if it is a promise, else a promise of it.</summary>
    public static JsPromise From(Realm realm, JsValue value)
    {
        if (value.Reference is JsPromise promise && ReferenceEquals(promise.Get("constructor").Reference, realm.Intrinsic(IntrinsicId.Promise)))
            return promise;
        var made = new JsPromise(realm);
        made.Resolve(value);
        return made;
    }

    /// <summary>Settles, or follows another promise or thenable. Only the first call counts.</summary>
    public void Resolve(JsValue value)
    {
        if (_resolved)
            return;
        _resolved = true;
        if (ReferenceEquals(value.Reference, this))
        {
            Settle(PromiseState.Rejected, _realm.MakeError(ErrorKind.TypeError, "Chaining cycle detected for promise #<Promise>"));
            return;
        }

        if (value.AsObject() is not { } o)
        {
            Settle(PromiseState.Fulfilled, value);
            return;
        }

        JsFunction? then;
        try
        {
            then = o.Get("then").AsFunction();
        }
        catch (JsThrow e)
        {
            Settle(PromiseState.Rejected, e.Value);
            return;
        }

        if (then is null)
        {
            Settle(PromiseState.Fulfilled, value);
            return;
        }

        _realm.Jobs.Add(() =>
        {
            var (resolve, reject) = Functions(reopen: true);
            try
            {
                then.Call(value, [resolve, reject]);
            }
            catch (JsThrow e)
            {
                reject.Call(default, [e.Value]);
            }
        });
    }

    public void Reject(JsValue reason, int offset = -1)
    {
        if (_resolved)
            return;
        _resolved = true;
        RejectedAt = offset;
        Settle(PromiseState.Rejected, reason);
    }

    private void Settle(PromiseState state, JsValue result)
    {
        State = state;
        Result = result;
        var reactions = _reactions!;
        _reactions = null;
        foreach (var (onFulfilled, onRejected) in reactions)
            _realm.Jobs.Add(() => (state == PromiseState.Fulfilled ? onFulfilled : onRejected)(result));
    }

    public void Subscribe(Action<JsValue> onFulfilled, Action<JsValue> onRejected)
    {
        if (State == PromiseState.Pending)
            _reactions!.Add((onFulfilled, onRejected));
        else
            _realm.Jobs.Add(() => (State == PromiseState.Fulfilled ? onFulfilled : onRejected)(Result));
    }

    /// <summary>The pair of functions given to an executor: whichever is called first decides.</summary>
    public (JsFunction Resolve, JsFunction Reject) Functions(bool reopen = false)
    {
        if (reopen)
            _resolved = false;
        var called = false;
        var resolve = new NativeFunction(_realm, "", 1, (_, _, a) =>
        {
            if (!called)
            {
                called = true;
                Resolve(a.At(0));
            }

            return default;
        });
        var reject = new NativeFunction(_realm, "", 1, (_, _, a) =>
        {
            if (!called)
            {
                called = true;
                Reject(a.At(0));
            }

            return default;
        });
        return (resolve, reject);
    }

    // ---- tasks of the host's ----

    private static readonly System.Runtime.CompilerServices.ConditionalWeakTable<Task, JsPromise> OfTasks = [];

    public static JsPromise FromTask(Realm realm, Task<object?> task)
    {
        var promise = new JsPromise(realm);
        OfTasks.AddOrUpdate(task, promise);
        if (task.IsCompleted)
            Settle(realm, task);
        else
            realm.Await(task);
        return promise;
    }

    public static void Settle(Realm realm, Task task)
    {
        if (!OfTasks.TryGetValue(task, out var promise))
            return;
        OfTasks.Remove(task);
        if (task is Task<object?> { IsCompletedSuccessfully: true } done)
            promise.Resolve(HostValues.FromHost(realm, done.Result));
        else
            promise.Reject(realm.MakeError(ErrorKind.Error, task.Exception?.InnerException?.Message ?? "The host's operation was cancelled"));
    }
}

/// <summary>Promise and Promise.prototype.</summary>
internal static class PromiseBuiltins
{
    public static readonly BuiltinTemplate Prototype = new BuiltinTemplate()
        .Intrinsic("constructor", IntrinsicId.Promise)
        .Method("catch", 1, (realm, self, a) => Invoke(realm, self, default, a.At(0)))
        .Method("finally", 1, Finally)
        .Method("then", 2, Then)
        .Tag("Promise");

    private static readonly BuiltinTemplate Statics = new BuiltinTemplate()
        .Method("all", 1, (realm, _, a) => Combine(realm, a.At(0), Combination.All))
        .Method("allSettled", 1, (realm, _, a) => Combine(realm, a.At(0), Combination.AllSettled))
        .Method("any", 1, (realm, _, a) => Combine(realm, a.At(0), Combination.Any))
        .Method("race", 1, (realm, _, a) => Combine(realm, a.At(0), Combination.Race))
        .Method("reject", 1, (realm, _, a) =>
        {
            var promise = new JsPromise(realm);
            promise.Reject(a.At(0));
            return promise;
        })
        .Method("resolve", 1, (realm, _, a) => JsPromise.From(realm, a.At(0)))
        .Method("withResolvers", 0, (realm, _, _) =>
        {
            var promise = new JsPromise(realm);
            var (resolve, reject) = promise.Functions();
            var made = realm.NewObject();
            made.AddNew("promise", promise, PropertyFlags.All);
            made.AddNew("resolve", resolve, PropertyFlags.All);
            made.AddNew("reject", reject, PropertyFlags.All);
            return made;
        })
        .Getter(JsSymbol.Species, (_, self, _) => self);

    private enum Combination
    {
        All,
        AllSettled,
        Any,
        Race,
    }

    public static JsObject MakeConstructor(Realm realm) => new NativeFunction(
        realm, "Promise", 1,
        (_, _, _) => throw Errors.Type("Promise constructor cannot be invoked without 'new'"),
        Construct, Statics, r => r.Intrinsic(IntrinsicId.PromisePrototype));

    private static JsObject Construct(Realm realm, ReadOnlySpan<JsValue> arguments, JsObject newTarget)
    {
        var executor = arguments.At(0).AsFunction() ?? throw Errors.Type($"Promise resolver {Operators.Describe(arguments.At(0))} is not a function");
        var promise = new JsPromise(realm, realm.PrototypeFor(newTarget, IntrinsicId.PromisePrototype));
        var (resolve, reject) = promise.Functions();
        var depth = realm.Depth;
        try
        {
            executor.Call(default, [resolve, reject]);
        }
        catch (JsThrow e)
        {
            realm.Depth = depth;
            reject.Call(default, [e.Value]);
        }

        return promise;
    }

    private static JsValue Invoke(Realm realm, JsValue self, JsValue onFulfilled, JsValue onRejected) =>
        (Operators.Get(realm, self, "then").AsFunction() ?? throw Errors.Type("then is not a function")).Call(self, [onFulfilled, onRejected]);

    private static JsValue Then(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var promise = self.Reference as JsPromise ?? throw Errors.Type("Promise.prototype.then called on a value that is not a promise");
        var onFulfilled = arguments.At(0).AsFunction();
        var onRejected = arguments.At(1).AsFunction();
        var result = new JsPromise(realm);
        promise.Subscribe(
            value => React(result, onFulfilled, value, rejects: false, -1),
            reason => React(result, onRejected, reason, rejects: true, promise.RejectedAt));
        return result;
    }

    private static void React(JsPromise result, JsFunction? handler, JsValue value, bool rejects, int offset)
    {
        if (handler is null)
        {
            if (rejects)
                result.Reject(value, offset);
            else
                result.Resolve(value);
            return;
        }

        JsValue answer;
        try
        {
            answer = handler.Call(default, [value]);
        }
        catch (JsThrow e)
        {
            result.Reject(e.Value, e.Offset);
            return;
        }

        result.Resolve(answer);
    }

    private static JsValue Finally(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        if (arguments.At(0).AsFunction() is not { } handler)
            return Invoke(realm, self, arguments.At(0), arguments.At(0));
        var onFulfilled = new NativeFunction(realm, "", 1, (r, _, a) =>
        {
            var value = a.At(0);
            var waited = JsPromise.From(r, handler.Call(default, []));
            return Invoke(r, waited, new NativeFunction(r, "", 0, (_, _, _) => value), default);
        });
        var onRejected = new NativeFunction(realm, "", 1, (r, _, a) =>
        {
            var reason = a.At(0);
            var waited = JsPromise.From(r, handler.Call(default, []));
            return Invoke(r, waited, new NativeFunction(r, "", 0, (_, _, _) => throw new JsThrow(reason)), default);
        });
        return Invoke(realm, self, onFulfilled, onRejected);
    }

    private static JsPromise Combine(Realm realm, JsValue items, Combination kind)
    {
        var result = new JsPromise(realm);
        var values = new List<JsValue>();
        var open = 1;
        try
        {
            Iteration.ForEach(realm, items, item =>
            {
                var index = values.Count;
                values.Add(default);
                open++;
                var promise = JsPromise.From(realm, item);
                promise.Subscribe(
                    value => Settled(index, value, rejected: false),
                    reason => Settled(index, reason, rejected: true));
            });
        }
        catch (JsThrow e)
        {
            result.Reject(e.Value);
            return result;
        }

        Close();
        return result;

        void Settled(int index, JsValue value, bool rejected)
        {
            if (kind == Combination.Race || (kind == Combination.All && rejected) || (kind == Combination.Any && !rejected))
            {
                if (rejected)
                    result.Reject(value);
                else
                    result.Resolve(value);
                return;
            }

            values[index] = kind == Combination.AllSettled ? Outcome(realm, value, rejected) : value;
            Close();
        }

        void Close()
        {
            if (--open > 0 || kind == Combination.Race)
                return;
            var array = realm.NewArrayOf(values);
            if (kind != Combination.Any)
            {
                result.Resolve(array);
                return;
            }

            var error = realm.MakeError(ErrorKind.AggregateError, "All promises were rejected");
            error.AddNew("errors", array, PropertyFlags.Hidden);
            result.Reject(error);
        }
    }

    private static JsObject Outcome(Realm realm, JsValue value, bool rejected)
    {
        var made = realm.NewObject();
        made.AddNew("status", rejected ? "rejected" : "fulfilled", PropertyFlags.All);
        made.AddNew(rejected ? "reason" : "value", value, PropertyFlags.All);
        return made;
    }
}
