using Automation.Expressions.JavaScript.Builtins;
using Automation.Expressions.JavaScript.Execution;

namespace Automation.Expressions.JavaScript.Runtime;

/// <summary>
/// One evaluation: its built-ins, which come into being as they are used, its limits and its jobs. It belongs to one thread at a time and is
/// thrown away with the evaluation, so nothing a script changes outlives it.
/// </summary>
internal sealed partial class Realm
{
    [ThreadStatic]
    private static Realm? t_current;

    private JobQueue? _jobs;

    private readonly JsObject?[] _intrinsics = new JsObject?[Intrinsics.Count];

    public Realm(ExpressionLimits limits, TimeProvider clock, TimeZoneInfo zone, JavaScriptOptions options, ScriptScope? scope, CancellationToken cancellation)
    {
        Limits = limits;
        Clock = clock;
        Zone = zone;
        Options = options;
        Scope = scope;
        Cancellation = cancellation;
        StartLimits();
    }

    /// <summary>The evaluation that runs on this thread.</summary>
    public static Realm Current
    {
        get => t_current ?? throw new InvalidOperationException("No script is being evaluated on this thread.");
    }

    public ExpressionLimits Limits { get; }

    public TimeProvider Clock { get; }

    public TimeZoneInfo Zone { get; }

    public JavaScriptOptions Options { get; }

    public ScriptScope? Scope { get; }

    public CancellationToken Cancellation { get; }

    /// <summary>Where the code now running stands in the source, for errors.</summary>
    public int Position { get; set; } = -1;

    /// <summary>A script put an element on Array.prototype or Object.prototype, so that holes need the slow way.</summary>
    public bool ElementsOnPrototypes => false;

    public GlobalObject Global => field ??= new GlobalObject(this);

    public JobQueue Jobs => _jobs ??= new JobQueue(this);

    public JsObject ObjectPrototype => Intrinsic(IntrinsicId.ObjectPrototype);

    public JsObject FunctionPrototype => Intrinsic(IntrinsicId.FunctionPrototype);

    public JsObject ArrayPrototype => Intrinsic(IntrinsicId.ArrayPrototype);

    public static Realm? Enter(Realm realm)
    {
        var outer = t_current;
        t_current = realm;
        return outer;
    }

    public static void Exit(Realm? outer) => t_current = outer;

    public JsObject Intrinsic(IntrinsicId id) => _intrinsics[(int)id] ?? MakeIntrinsic(id);

    private JsObject MakeIntrinsic(IntrinsicId id)
    {
        var made = Intrinsics.Make(this, id);
        return _intrinsics[(int)id] ??= made;
    }

    public JsObject NewObject() => new(ObjectPrototype);

    public JsArray NewArray(int capacity = 0)
    {
        if (capacity > 1024)
            ReserveMemory((long)capacity * 16);
        return new JsArray(ArrayPrototype, capacity);
    }

    public JsArray NewArray(JsValue[] items) => new(ArrayPrototype, items);

    public JsArray NewArrayOf(List<JsValue> items)
    {
        if (items.Count > Limits.MaxArrayLength)
            throw LimitPassed($"An array is longer than the limit of {Limits.MaxArrayLength} elements (MaxArrayLength)");
        return new JsArray(ArrayPrototype, [.. items]);
    }

    /// <summary>The prototype for what <c>new</c> makes: that of the class called, or the built-in's own.</summary>
    public JsObject PrototypeFor(JsObject newTarget, IntrinsicId fallback) =>
        newTarget.Get("prototype").AsObject() ?? Intrinsic(fallback);

    public JsError MakeError(ErrorKind kind, string message)
    {
        var error = new JsError(Intrinsic(IntrinsicId.ErrorPrototype + (int)kind));
        error.AddNew("stack", $"{kind}: {message}", PropertyFlags.Hidden);
        error.AddNew("message", message, PropertyFlags.Hidden);
        return error;
    }
}
