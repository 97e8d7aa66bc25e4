using Automation.Expressions.JavaScript.Builtins;
using Automation.Expressions.JavaScript.Execution;
using Automation.Expressions.JavaScript.Hosting;

namespace Automation.Expressions.JavaScript.Runtime;

/// <content>What belongs to one evaluation besides built-ins and limits.</content>
internal sealed partial class Realm
{
    private List<HostObjectView>? _hostObjects;
    private Dictionary<object, JsArray>? _templateObjects;
    private List<Task>? _hostTasks;
    private Dictionary<string, JsValue>? _builtinGlobals;

    /// <summary>Arrays being joined into text, to notice one within itself.</summary>
    public HashSet<JsObject> Joining => field ??= [];

    /// <summary>The <c>exec</c> that regular expressions are born with; null until it is made.</summary>
    public JsFunction? PristineExec => field ??= ((BuiltinObject)Intrinsic(IntrinsicId.RegExpPrototype)) is { IsModified: false } prototype ? prototype.Get("exec").AsFunction() : null;

    /// <summary>What <c>Symbol.for</c> has given.</summary>
    public Dictionary<string, JsSymbol> SymbolRegistry => field ??= [];

    /// <summary>A global function of the language, whatever a script made of the global of that name.</summary>
    public JsValue BuiltinGlobal(string name)
    {
        _builtinGlobals ??= [];
        if (!_builtinGlobals.TryGetValue(name, out var value) && GlobalBuiltins.Functions.TryMake(this, name, out var made))
            _builtinGlobals[name] = value = made.Value;
        return value;
    }

    public HostObjectView ViewOf(HostObject host)
    {
        foreach (var known in _hostObjects ?? [])
        {
            if (ReferenceEquals(known.Host, host))
                return known;
        }

        return new HostObjectView(this, host);
    }

    public void Track(HostObjectView view) => (_hostObjects ??= []).Add(view);

    public void FlushHostObjects()
    {
        if (_hostObjects is null)
            return;
        foreach (var view in _hostObjects)
            view.Flush();
    }

    /// <summary>A task of the host's that a promise stands for.</summary>
    public void Await(Task task) => (_hostTasks ??= []).Add(task);

    /// <summary>Runs jobs until none is left and no task of the host's is open.</summary>
    public void RunJobs()
    {
        if (_jobs is null && _hostTasks is null)
            return;
        Jobs.Run();
        while (_hostTasks is { Count: > 0 } tasks)
        {
            // An evaluation is synchronous by contract, so it waits here, within its time.
            var done = Task.WaitAny([.. tasks], (int)Math.Min(TimeLeft.TotalMilliseconds, int.MaxValue), Cancellation);
            if (done < 0)
                throw LimitPassed($"The script ran longer than {Limits.Timeout.TotalMilliseconds:0} ms (Timeout) waiting for the host");
            var task = tasks[done];
            tasks.RemoveAt(done);
            JsPromise.Settle(this, task);
            Jobs.Run();
        }
    }

    /// <summary>The frozen array of strings that a tagged template's function gets: the same one for the same place in the source.</summary>
    public JsArray TemplateObject(object site, string?[] cooked, string[] raw)
    {
        _templateObjects ??= [];
        if (_templateObjects.TryGetValue(site, out var known))
            return known;
        var made = NewArray([.. cooked.Select(c => c is null ? default : (JsValue)c)]);
        var raws = NewArray([.. raw.Select(r => (JsValue)r)]);
        ObjectBuiltins.SetIntegrity(raws, frozen: true);
        made.DefineOwn("raw", PropertyDescriptor.Data(raws, PropertyFlags.None));
        ObjectBuiltins.SetIntegrity(made, frozen: true);
        _templateObjects[site] = made;
        return made;
    }

    /// <summary><c>arguments</c>: like an array, apart from its prototype. <paramref name="callee"/> is null in strict code.</summary>
    public JsObject NewArgumentsObject(ReadOnlySpan<JsValue> arguments, JsFunction? callee)
    {
        var made = new JsArguments(ObjectPrototype);
        made.AddNew("length", arguments.Length, PropertyFlags.Hidden);
        for (var i = 0; i < arguments.Length; i++)
            made.AddNew(PropertyKey.FromIndex((uint)i), arguments[i], PropertyFlags.All);
        made.AddNew(JsSymbol.Iterator, ArrayPrototype.Get("values"), PropertyFlags.Hidden);
        if (callee is not null)
        {
            made.AddNew("callee", callee, PropertyFlags.Hidden);
        }
        else
        {
            var thrower = (JsFunction)Intrinsic(IntrinsicId.ThrowTypeError);
            made.AddNew("callee", JsValue.FromRaw(new Accessor(thrower, thrower)), PropertyFlags.Accessor);
        }

        return made;
    }

    /// <summary>Whether going through an array gives its elements and nothing else happens.</summary>
    public bool HasPristineArrayIteration(JsArray array) =>
        array.HasNoOwnIterator
        && ReferenceEquals(array.Prototype, _intrinsics[(int)IntrinsicId.ArrayPrototype])
        && array.Prototype is BuiltinObject { IsModified: false }
        && _intrinsics[(int)IntrinsicId.ArrayIteratorPrototype] is not BuiltinObject { IsModified: true };
}

/// <summary>The <c>arguments</c> of a call.</summary>
internal sealed class JsArguments(JsObject? prototype) : JsObject(prototype)
{
    public override string ClassName => "Arguments";
}
