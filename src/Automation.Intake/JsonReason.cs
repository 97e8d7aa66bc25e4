using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Automation.Intake;

/// <summary>Why JSON that a person or a machine wrote cannot be read, without the names of the program's types.</summary>
public static partial class JsonReason
{
    /// <summary>One sentence, without the place.</summary>
    /// <param name="exception">What the reader says.</param>
    public static string Of(JsonException exception)
    {
        // The reader appends the place to its sentence; it is told separately.
        var end = exception.Message.IndexOf(" Path:", StringComparison.Ordinal);
        end = end < 0 ? exception.Message.IndexOf(" LineNumber:", StringComparison.Ordinal) : end;
        var reason = end < 0 ? exception.Message : exception.Message[..end];
        if (Unknown().Match(reason) is { Success: true } unknown)
            return $"\"{unknown.Groups[1]}\" is not known here.";
        if (Missing().Match(reason) is { Success: true } missing)
            return $"Missing: {missing.Groups[1].Value.Replace('\'', '"')}.";
        if (reason.StartsWith("The JSON value could not be converted", StringComparison.Ordinal))
            return "The value is of the wrong kind.";
        if (NotNull().Match(reason) is { Success: true } forbidden)
            return $"\"{forbidden.Groups[1].Value.ToLower(CultureInfo.InvariantCulture)}\" must not be null.";
        return reason.StartsWith("The input does not contain any JSON", StringComparison.Ordinal) ? "It is empty." : reason;
    }

    /// <summary>Where: <c>$.path (line 1, byte 2)</c>, as far as it is known.</summary>
    /// <param name="exception">What the reader says.</param>
    public static string Place(JsonException exception)
    {
        var path = exception.Path is { Length: > 1 } found ? found + " " : "";
        return exception.LineNumber is { } line ? FormattableString.Invariant($"{path}(line {line + 1}, byte {(exception.BytePositionInLine ?? 0) + 1})") : path.TrimEnd();
    }

    [GeneratedRegex("^The JSON property '(.*)' could not be mapped", RegexOptions.Singleline, 1000)]
    private static partial Regex Unknown();

    [GeneratedRegex("was missing required properties including: (.+?)\\.?$", RegexOptions.Singleline, 1000)]
    private static partial Regex Missing();

    [GeneratedRegex("^The (?:property or field|constructor parameter) '(.+?)' on type .* doesn't allow", RegexOptions.Singleline, 1000)]
    private static partial Regex NotNull();
}
