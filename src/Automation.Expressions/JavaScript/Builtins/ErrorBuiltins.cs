using Automation.Expressions.JavaScript.Execution;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <summary>Error and its kin.</summary>
internal static class ErrorBuiltins
{
    private static readonly BuiltinTemplate[] Prototypes = [.. Enum.GetValues<ErrorKind>().Select(MakePrototype)];

    public static BuiltinTemplate PrototypeOf(ErrorKind kind) => Prototypes[(int)kind];

    private static BuiltinTemplate MakePrototype(ErrorKind kind)
    {
        var template = new BuiltinTemplate()
            .Intrinsic("constructor", IntrinsicId.Error + (int)kind)
            .Constant("name", kind.ToString(), PropertyFlags.Hidden)
            .Constant("message", "", PropertyFlags.Hidden);
        return kind == ErrorKind.Error ? template.Method("toString", 0, ToText) : template;
    }

    public static JsObject MakeConstructor(Realm realm, ErrorKind kind)
    {
        var isAggregate = kind == ErrorKind.AggregateError;
        var id = IntrinsicId.Error + (int)kind;
        return new NativeFunction(
            realm, kind.ToString(), isAggregate ? 2 : 1,
            (r, _, a) => Construct(r, a, r.Intrinsic(id), kind),
            (r, a, newTarget) => Construct(r, a, newTarget, kind),
            prototypeObject: r => r.Intrinsic(IntrinsicId.ErrorPrototype + (int)kind),
            prototype: kind == ErrorKind.Error ? null : realm.Intrinsic(IntrinsicId.Error));
    }

    private static JsObject Construct(Realm realm, ReadOnlySpan<JsValue> arguments, JsObject newTarget, ErrorKind kind)
    {
        var offset = kind == ErrorKind.AggregateError ? 1 : 0;
        var error = new JsError(realm.PrototypeFor(newTarget, IntrinsicId.ErrorPrototype + (int)kind));
        var message = arguments.At(offset).IsUndefined ? null : Operators.ToText(arguments.At(offset));
        error.AddNew("stack", message is null ? kind.ToString() : $"{kind}: {message}", PropertyFlags.Hidden);
        if (message is not null)
            error.AddNew("message", message, PropertyFlags.Hidden);
        if (arguments.At(offset + 1).AsObject() is { } options && options.Has("cause"))
            error.AddNew("cause", options.Get("cause"), PropertyFlags.Hidden);
        if (offset == 1)
        {
            var errors = new List<JsValue>();
            Iteration.AddAll(realm, arguments.At(0), errors);
            error.AddNew("errors", realm.NewArrayOf(errors), PropertyFlags.Hidden);
        }

        return error;
    }

    private static JsValue ToText(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var error = self.AsObject() ?? throw Errors.Type("Error.prototype.toString requires that 'this' be an object");
        var name = error.Get("name");
        var said = name.IsUndefined ? "Error" : Operators.ToText(name);
        var message = error.Get("message");
        var text = message.IsUndefined ? "" : Operators.ToText(message);
        return said.Length == 0 ? text : text.Length == 0 ? said : $"{said}: {text}";
    }
}
