using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Execution;

/// <summary>
/// A function that a built-in calls for one element after another. What does not change from call to call is looked at once: a plain
/// function of the script is then run without a list of arguments.
/// </summary>
internal readonly struct Callback
{
    private readonly JsFunction _function;
    private readonly ScriptFunction? _plain;
    private readonly JsValue _self;

    public Callback(JsFunction function, JsValue self)
    {
        _function = function;
        _self = self;
        if (function is ScriptFunction { Code.IsPlain: true } script)
        {
            script.Realm.EnsureStack();
            _plain = script;
            _self = script.ReceiverFor(self);
        }
    }

    public JsValue Call(JsValue a, JsValue b, JsValue c) =>
        _plain is { } plain ? plain.CallPlain(_self, a, b, c) : _function.Call(_self, [a, b, c]);

    public JsValue Call(JsValue a, JsValue b) =>
        _plain is { } plain ? plain.CallPlain(_self, a, b, default) : _function.Call(_self, [a, b]);

    public JsValue Call(JsValue a, JsValue b, JsValue c, JsValue d) =>
        _plain is { } plain ? plain.CallPlain(_self, a, b, c) : _function.Call(_self, [a, b, c, d]);

    /// <summary>Calls and takes the result as a condition.</summary>
    public bool Test(JsValue a, JsValue b, JsValue c) =>
        _plain is { } plain ? plain.TestPlain(_self, a, b, c) : Operators.ToBoolean(_function.Call(_self, [a, b, c]));
}
