using Automation.Workflows.Definitions;
using Automation.Workflows.Graph;

namespace Automation.Studio.Api.Instances;

/// <summary>
/// A text that is sent for a variable that is a number: a genuine server shows it among the new values, and the instance goes on with
/// the old one. The note with the value says so.
/// </summary>
internal static class IneffectiveVariables
{
    /// <summary>Takes such values out of what is to be set.</summary>
    /// <returns>What to answer instead, by the variable's id.</returns>
    /// <exception cref="ValueConversionException">A text is not even a number.</exception>
    public static Dictionary<string, VariableAnswer> TakeFrom(Dictionary<string, object?> values, CompiledWorkflow workflow)
    {
        var taken = new Dictionary<string, VariableAnswer>(StringComparer.Ordinal);
        foreach (var variable in workflow.Workflow.Variables.Where(v => IsNumber(v.Type)))
        {
            foreach (var key in (string[])[variable.Id, variable.Name])
            {
                if (values.GetValueOrDefault(key) is not string text)
                    continue;
                ValueConverter.Convert(text, variable.Type);
                values.Remove(key);
                taken[variable.Id] = new VariableAnswer(
                    variable.Id, variable.Name, Json.ToElement(text), $"'{text}' is a text and '{variable.Name}' a number ({variable.Type.Alias}): as in Elsa, it stays as it is. Send the number without quotes.");
            }
        }

        return taken;
    }

    private static bool IsNumber(DataType type) => !type.IsArray && type.Kind is >= DataKind.Int16 and <= DataKind.Decimal;
}
