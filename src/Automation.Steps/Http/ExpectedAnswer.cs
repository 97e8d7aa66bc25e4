using System.Globalization;
using System.Text.Json;
using Automation.Steps.Activities;
using Automation.Steps.Values;

namespace Automation.Steps.Http;

/// <summary>What an HTTP call wants of its answer, and by which outcome the workflow goes on.</summary>
internal sealed class ExpectedAnswer
{
    private readonly HashSet<string> _statuses;
    private readonly string _member;
    private readonly JsonElement? _schema;
    private readonly long _redirects;

    private ExpectedAnswer(HashSet<string> statuses, string member, JsonElement? schema, long redirects)
    {
        _redirects = redirects;
        _statuses = statuses;
        _member = member;
        _schema = schema;
    }

    /// <exception cref="FormatException">An input is not valid.</exception>
    public static ExpectedAnswer Read(StepInputs inputs)
    {
        var statuses = new HashSet<string>(StringComparer.Ordinal);
        foreach (var value in PlainJson.Elements(StepInputs.Parsed(inputs["StatusOutcomes"], "StatusOutcomes")) ?? [])
        {
            var text = PlainJson.AsText(value).Trim();
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var status) || status is < 100 or > 999)
                throw new FormatException($"StatusOutcomes has \"{text}\"; it must be a status such as 404.");
            statuses.Add(text);
        }

        JsonElement? schema = StepInputs.Parsed(inputs["Schema"], "Schema") is { } given ? Element(given) : null;
        if (schema is { ValueKind: not (JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False) })
            throw new FormatException("Schema is no JSON schema: an object is wanted.");
        return new ExpectedAnswer(statuses, inputs.Text("MustHave"), schema, inputs.Integer("MaxRedirects") ?? 0);
    }

    /// <summary>The outcome, and what is wrong with the answer.</summary>
    public (string Outcome, string? Problem) Judge(HttpCallResult result, object? content)
    {
        if (result.Answer is not { StatusCode: var status })
            return (result.End == HttpCallEnd.TimedOut ? "Timeout" : "Failed to connect", null);
        if (status is >= 200 and < 300 && WhyUnexpected(content) is { } problem)
            return ("Unexpected content", problem);
        var text = status.ToString(CultureInfo.InvariantCulture);
        return _statuses.Contains(text) ? (text, null) : status switch
        {
            >= 200 and < 300 => ("Success", null),
            >= 400 and < 500 => ("Client error", null),
            >= 500 and < 600 => ("Server error", null),
            301 or 302 or 303 or 307 or 308 when result.Answer.Headers.ContainsKey("Location") => ("Other status", _redirects == 0
                ? "The answer is a redirect, and redirects are not followed here (MaxRedirects is 0)."
                : $"The answer is one more redirect: {_redirects} have been followed, which is as many as may be (MaxRedirects)."),
            _ => ("Other status", null),
        };
    }

    private string? WhyUnexpected(object? content)
    {
        if (_member.Length > 0 && !Has(content, _member))
            return $"The answer has no {_member}.";
        if (_schema is not { } schema)
            return null;
        if (content is not JsonElement json)
            return "The answer is not JSON.";
        try
        {
            return JsonSchemaCheck.Check(schema, json) is { Count: > 0 } problems ? $"The answer does not fit the schema: {string.Join("; ", problems)}." : null;
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            // The call is made and cannot be taken back: the workflow goes on where it can look at the answer.
            return $"The schema is not valid: {e.Message}";
        }
    }

    private static JsonElement Element(object? value)
    {
        using var document = JsonDocument.Parse(PlainJson.ToText(value));
        return document.RootElement.Clone();
    }

    private static bool Has(object? content, string path)
    {
        if (content is not JsonElement element)
            return false;
        foreach (var name in path.Split('.'))
        {
            if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member))
                element = member;
            else if (element.ValueKind == JsonValueKind.Array && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < element.GetArrayLength())
                element = element[index];
            else
                return false;
        }

        return element.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined);
    }
}
