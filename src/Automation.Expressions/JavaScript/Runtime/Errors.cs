namespace Automation.Expressions.JavaScript.Runtime;

/// <summary>A value thrown by a script or a built-in on its way to a <c>catch</c>.</summary>
internal sealed class JsThrow(JsValue value) : Exception("A script threw a value")
{
    public JsValue Value { get; } = value;

    /// <summary>Where in the source it was thrown; -1 until known.</summary>
    public int Offset { get; set; } = -1;

    // The name of a plain Error says nothing that its message does not.
    public override string Message => Operators.DescribeError(Value) is var text && text.StartsWith("Error: ", StringComparison.Ordinal) && Value.AsObject() is not null
        ? text[7..]
        : text;
}

/// <summary>Makes the errors that built-ins throw.</summary>
internal static class Errors
{
    public static JsThrow Type(string message) => Make(ErrorKind.TypeError, message);

    public static JsThrow Range(string message) => Make(ErrorKind.RangeError, message);

    public static JsThrow Reference(string message) => Make(ErrorKind.ReferenceError, message);

    public static JsThrow Syntax(string message) => Make(ErrorKind.SyntaxError, message);

    public static JsThrow Uri(string message) => Make(ErrorKind.URIError, message);

    /// <summary>An error with a name of its own, as what comes from browsers rather than from the language has.</summary>
    public static JsThrow Dom(string name, string message)
    {
        var error = Realm.Current.MakeError(ErrorKind.Error, message);
        error.AddNew("name", name, PropertyFlags.Hidden);
        return new JsThrow(error);
    }

    /// <summary>Ends the evaluation; no <c>catch</c> of the script sees it.</summary>
    public static ExpressionException Limit(string message) => Realm.Current.LimitPassed(message);

    /// <summary>Ends the evaluation because of what is left out and could not be seen when compiling; no <c>catch</c> of the script sees it.</summary>
    public static ExpressionException NotSupported(string what) => new(ExpressionErrorKind.NotSupported, what + " not supported here");

    /// <summary>The beginning of a text that a message quotes.</summary>
    public static string Clip(string text) => text.Length <= LongestQuote ? text : text[..LongestQuote] + "…";

    private const int LongestQuote = 300;

    private static JsThrow Make(ErrorKind kind, string message) => new(Realm.Current.MakeError(kind, Clip(message)));
}

internal enum ErrorKind
{
    Error,
    TypeError,
    RangeError,
    ReferenceError,
    SyntaxError,
    EvalError,
    URIError,
    AggregateError,
}

/// <summary>An instance of Error or one of its kin.</summary>
internal sealed class JsError(JsObject? prototype) : JsObject(prototype)
{
    public override string ClassName => "Error";
}
