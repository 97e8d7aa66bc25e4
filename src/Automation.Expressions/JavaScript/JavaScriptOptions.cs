namespace Automation.Expressions.JavaScript;

/// <summary>Where scripts of one <see cref="JavaScriptCompiler"/> do not follow the language to the letter.</summary>
public sealed record JavaScriptOptions
{
    /// <summary>
    /// Whether <c>toUpperCase</c> and <c>toLocaleUpperCase</c> change letter by letter, as in the JavaScript of Elsa 3, so that <c>ß</c>,
    /// whose upper case is two letters, stays. Default false: it becomes <c>SS</c>.
    /// </summary>
    public bool UpperCaseByLetter { get; init; }
}
