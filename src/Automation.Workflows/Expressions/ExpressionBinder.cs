using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Expressions;

/// <summary>Turns the expressions of a definition into something that can be evaluated fast: constants are converted once, names found once, scripts compiled once.</summary>
internal sealed class ExpressionBinder(ScriptLanguages languages)
{
    /// <summary>An input wrapper, or a bare JSON value where a wrapper is expected.</summary>
    public BoundExpression BindInput(CompiledActivity node, JsonNode? input, string property, DataType declared, ActivityCompilation report)
    {
        if (input is not JsonObject wrapper || !wrapper.ContainsKey("expression") && !wrapper.ContainsKey("typeName") && !wrapper.ContainsKey("memoryReference"))
            return Constant(JsonValues.FromNode(input), declared, declared, property, report);
        if (!wrapper.TryGetPropertyValue("typeName", out var typeName))
        {
            report.Warning(property, "has no typeName and therefore reads as null.");
            return ConstantExpression.Null;
        }

        if (wrapper.TryGetPropertyValue("expression", out var expression) && expression is not JsonObject)
        {
            report.Error(property, $"expression must be an object, but is {DefinitionShape.Describe(expression)}.");
            return ConstantExpression.Null;
        }

        var alias = typeName is JsonValue v && v.TryGetValue(out string? s) ? s : null;
        var wanted = alias is not null && DataType.Find(alias) is { } type && (type.Kind != DataKind.Object || type.IsArray) ? type : declared;
        if (declared.Kind == DataKind.Enum || declared.Kind != DataKind.Object && wanted.Kind == DataKind.Object)
            wanted = declared;
        return BindExpression(node, expression, property, wanted, report, declared);
    }

    /// <summary>An expression object.</summary>
    public BoundExpression BindExpression(
        CompiledActivity node, JsonNode? expression, string property, DataType type, ActivityCompilation report, DataType? declared = null)
    {
        if (expression is not JsonObject o)
            return Constant(JsonValues.FromNode(expression), type, declared ?? type, property, report);
        var kind = DeclarationReader.Text(o, "type") ?? "Literal";
        o.TryGetPropertyValue("value", out var value);
        switch (kind)
        {
            case "Literal":
                return Constant(JsonValues.FromNode(value), type, declared ?? type, property, report);
            case "Object" or "Json":
                return Constant(ParseObject(value, type), type, declared ?? type, property, report);
            case "Variable":
                return Variable(node, value, property, type, report);
            case "Input":
                return Reference(value) is { } input && DeclarationReader.Text(input, "name") is { } name
                    ? new InputExpression(name, type)
                    : ConstantExpression.Null;
            case "Output":
                return Reference(value) is { } output && (DeclarationReader.Text(output, "activityId") ?? DeclarationReader.Text(output, "activity")) is { } activity
                    ? new OutputExpression(activity, DeclarationReader.Text(output, "outputName") ?? DeclarationReader.Text(output, "output"), type)
                    : ConstantExpression.Null;
            default:
                var source = value is JsonValue text && text.TryGetValue(out string? s) ? s : value is null ? "" : value.ToJsonString();
                return Script(kind, source, node, property, type, report);
        }
    }

    /// <summary>
    /// A script in one of the languages. A syntax error is reported now and stops publishing; where it is reached all the same, a script faults
    /// and a template renders the error, as in Elsa.
    /// </summary>
    public BoundExpression Script(string language, string source, CompiledActivity node, string property, DataType type, ActivityCompilation report)
    {
        if (languages.Find(language) is not { } compile)
        {
            report.Warning(property, $"expression type '{language}' is not known and reads as null.");
            return ConstantExpression.Null;
        }

        try
        {
            return new ScriptExpression(compile(source, node), type);
        }
        catch (Automation.Expressions.ExpressionException e)
        {
            var where = e.Line > 0 ? $" (line {e.Line}, column {e.Column})" : "";
            var isSyntax = e.Kind == Automation.Expressions.ExpressionErrorKind.Syntax;
            report.Expression(property, $"{language} expression{where}: {e.Message}", e.Line, e.Column, stopsPublishing: isSyntax);
            var message = e.Message;
            return isSyntax && string.Equals(language, "Liquid", StringComparison.Ordinal)
                ? new ScriptExpression(_ => message, type)
                : new FailingExpression(message, e);
        }
    }

    private static BoundExpression Constant(object? value, DataType type, DataType declared, string property, ActivityCompilation report)
    {
        try
        {
            var converted = ValueConverter.Convert(value, type);
            return converted is null
                ? ConstantExpression.Null
                : new ConstantExpression(ReferenceEquals(type, declared) || declared.Kind == DataKind.Object && !declared.IsArray ? converted : ValueConverter.Convert(converted, declared));
        }
        catch (ValueConversionException e)
        {
            // A field that somebody has emptied in the Studio is text without a letter.
            if (value is not string text || !string.IsNullOrWhiteSpace(text))
                report.Warning(property, e.Message);
            return new FailingExpression(e.Message, e);
        }
    }

    /// <summary>JSON text becomes what it says, except where anything goes: there it stays text, as in Elsa.</summary>
    private static object? ParseObject(JsonNode? value, DataType type)
    {
        var plain = JsonValues.FromNode(value);
        if (type.IsArray && plain is string list && !list.AsSpan().TrimStart().StartsWith("["))
            return plain;
        return plain is string text && (type.Kind != DataKind.Object && type.Kind != DataKind.String || type.IsArray) && JsonValues.TryParse(text, out var parsed)
            ? parsed
            : plain;
    }

    private static BoundExpression Variable(CompiledActivity node, JsonNode? value, string property, DataType type, ActivityCompilation report)
    {
        // Switching the syntax in Studio keeps the old text, so what is no variable reads as null.
        if (Reference(value) is not { } reference || DeclarationReader.Text(reference, "id") is not { } id)
            return ConstantExpression.Null;
        if (Variables.Find(node, id) is { } variable)
            return new VariableExpression(variable, type);
        report.Warning(property, $"variable '{DeclarationReader.Text(reference, "name") ?? id}' (id '{id}') is not declared.");
        return new FailingExpression($"Variable '{id}' not found.");
    }

    /// <summary>A reference is a JSON object, or the text of one.</summary>
    private static JsonObject? Reference(JsonNode? value)
    {
        if (value is JsonObject o)
            return o;
        if (value is not JsonValue v || !v.TryGetValue(out string? text))
            return null;
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>Finds declared variables at compile time.</summary>
internal static class Variables
{
    /// <summary>The variable with an id, nearest scope first, within the same workflow.</summary>
    public static VariableReference? Find(CompiledActivity node, string id)
    {
        for (var n = node; n is not null && ReferenceEquals(n.Owner, node.Owner); n = n.Parent)
        {
            for (var i = 0; i < n.Variables.Length && !n.HasAmbiguousVariables; i++)
            {
                if (string.Equals(n.Variables[i].Id, id, StringComparison.Ordinal))
                    return new VariableReference(n, i, n.Variables[i]);
            }
        }

        return null;
    }
}

/// <summary>Compiles a source text for evaluation at a node.</summary>
/// <exception cref="Automation.Expressions.ExpressionException">The source has a syntax error or uses what is not supported.</exception>
internal delegate Func<ActivityContext, object?> ScriptCompiler(string source, CompiledActivity node);

/// <summary>The script languages by expression type.</summary>
internal sealed class ScriptLanguages
{
    private readonly Dictionary<string, ScriptCompiler> _compilers = new(StringComparer.Ordinal);

    public void Add(string expressionType, ScriptCompiler compiler) => _compilers.Add(expressionType, compiler);

    public ScriptCompiler? Find(string expressionType) => _compilers.GetValueOrDefault(expressionType);
}
