using System.Globalization;
using System.Numerics;
using Automation.Expressions;
using Automation.Expressions.JavaScript;

namespace Automation.Intake.Mapping;

/// <summary>The JavaScript of mapping rules: it sees <c>event</c> and nothing else, and may use little.</summary>
internal static class RuleScripts
{
    /// <summary>A rule runs for each event; what takes longer belongs into a workflow.</summary>
    private static readonly ExpressionLimits Limits = ExpressionLimits.Default with
    {
        MaxSteps = 1_000_000,
        MaxMemory = 16 * 1024 * 1024,
        Timeout = TimeSpan.FromSeconds(1),
    };

    public static ExpressionCompiler Create(TimeProvider clock)
    {
        var compiler = new JavaScriptCompiler(Limits, clock, clock.LocalTimeZone);
        return new ExpressionCompiler(Value, source =>
        {
            var value = Value(source);
            return payload => IsTrue(value(payload));
        });

        Func<EventPayload, object?> Value(string source)
        {
            try
            {
                var script = compiler.Compile(source);
                return payload => script.Evaluate(new ScriptScope().Set("event", payload.Event).Set("events", payload.Events));
            }
            catch (ExpressionException e)
            {
                throw new FormatException($"The expression {source} cannot be used: {e.Message}", e);
            }
        }
    }

    /// <summary>Truth as JavaScript sees it.</summary>
    private static bool IsTrue(object? value) => value switch
    {
        null => false,
        bool truth => truth,
        string text => text.Length > 0,
        double number => number != 0 && !double.IsNaN(number),
        BigInteger number => !number.IsZero,
        IConvertible number and not DateTime => Convert.ToDouble(number, CultureInfo.InvariantCulture) != 0,
        System.Text.Json.JsonElement element => IsTrue(element),
        _ => true,
    };

    private static bool IsTrue(System.Text.Json.JsonElement element) => element.ValueKind switch
    {
        System.Text.Json.JsonValueKind.Object or System.Text.Json.JsonValueKind.Array => true,
        _ => IsTrue(EventPayload.Plain(element)),
    };
}
