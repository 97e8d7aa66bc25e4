using System.Text.Json;
using Automation.Intake.Identification;

namespace Automation.Intake.Sources;

/// <summary>A template that may fit a new sender.</summary>
/// <param name="Template">The template.</param>
/// <param name="Value">What it gives for the sample.</param>
/// <param name="Why">Why it is proposed.</param>
public sealed record TemplateProposal(string Template, string Value, string Why);

/// <summary>Where things may be in a sender's payload; the best proposal first, none where nothing looks like it.</summary>
/// <param name="Type">The event type.</param>
/// <param name="Correlation">The correlation key.</param>
/// <param name="DedupeKey">The dedupe key.</param>
/// <param name="Time">The event's time.</param>
public sealed record SampleAdvice(
    IReadOnlyList<TemplateProposal> Type, IReadOnlyList<TemplateProposal> Correlation, IReadOnlyList<TemplateProposal> DedupeKey, IReadOnlyList<TemplateProposal> Time);

/// <summary>Looks at a pasted payload of an unknown sender and proposes where type, correlation key, dedupe key and time are.</summary>
public static class SampleAdvisor
{
    private const int Most = 5;

    private static readonly string[] TypeNames = ["eventtype", "event", "type", "topic", "eventname", "action", "kind", "trigger", "status"];
    private static readonly string[] KeyNames = ["callid", "sessionid", "conversationid", "threadid", "chatid", "orderid", "ticketid", "customerid", "userid", "accountid"];
    private static readonly string[] KeyOwners = ["call", "session", "conversation", "thread", "chat", "order", "ticket", "customer", "user", "account", "issue"];
    private static readonly string[] TimeNames = ["timestamp", "occurredat", "createdat", "created", "time", "eventtime", "eventtimestamp", "date", "sentat", "sent", "updatedat"];

    /// <summary>Proposes templates.</summary>
    /// <param name="body">The payload, JSON.</param>
    /// <param name="headers">Headers that came with it, or null.</param>
    /// <exception cref="JsonException">The payload is not JSON.</exception>
    public static SampleAdvice Propose(string body, IReadOnlyDictionary<string, string>? headers = null)
    {
        using var document = JsonDocument.Parse(body);
        var fields = new List<Field>();
        Collect(document.RootElement, "", 0, fields);
        headers ??= new Dictionary<string, string>(StringComparer.Ordinal);

        var type = Rank(fields, f => RankType(f)).Concat(headers.Where(h => Ends(h.Key, "event", "topic", "event-type")).Select(h => Header(h, "a header that names the event"))).Take(Most).ToList();
        var correlation = Rank(fields, f => RankKey(f));
        var time = Rank(fields, f => RankTime(f));
        var dedupe = headers.Where(h => Ends(h.Key, "webhook-id", "-delivery", "-delivery-id", "idempotency-key", "event-id", "message-id")).Select(h => Header(h, "a header that names the delivery"))
            .Concat(Rank(fields, f => RankId(f))).ToList();
        if (dedupe.Count == 0 && correlation.Count > 0 && type.Count > 0 && time.Count > 0)
        {
            TemplateProposal[] parts = [correlation[0], type[0], time[0]];
            dedupe.Add(new TemplateProposal(string.Join('|', parts.Select(p => p.Template)), string.Join('|', parts.Select(p => p.Value)), "no id of its own; together these tell events apart"));
        }

        dedupe.Add(new TemplateProposal("{body|sha256}", "", "events are the same where their bytes are; keep the window short"));
        return new SampleAdvice(type, correlation, [.. dedupe.Take(Most)], time);
    }

    private static void Collect(JsonElement element, string path, int depth, List<Field> fields)
    {
        if (element.ValueKind == JsonValueKind.Object && depth < 5)
        {
            foreach (var property in element.EnumerateObject())
            {
                // A dot would be read as a step, a brace as the end.
                if (property.Name.AsSpan().IndexOfAny(".{}|:") < 0)
                    Collect(property.Value, path.Length == 0 ? property.Name : path + "." + property.Name, depth + 1, fields);
            }
        }
        else if (element.ValueKind is JsonValueKind.String or JsonValueKind.Number && path.Length > 0)
        {
            var parts = path.Split('.');
            var value = element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText();
            fields.Add(new Field(path, Plain(parts[^1]), parts.Length > 1 ? Plain(parts[^2]) : "", value, parts.Length, element.ValueKind == JsonValueKind.String));
        }
    }

    private static List<TemplateProposal> Rank(List<Field> fields, Func<Field, (int Rank, string Why)?> rank) =>
        [.. fields.Select(f => (Field: f, Verdict: rank(f)))
            .Where(r => r.Verdict is not null)
            // Deep fields belong to something inside the event rather than to the event.
            .OrderBy(r => r.Verdict!.Value.Rank + (r.Field.Depth * 4))
            .Take(Most)
            .Select(r => new TemplateProposal($"{{{r.Field.Path}}}", r.Field.Value, r.Verdict!.Value.Why))];

    private static (int Rank, string Why)? RankType(in Field f)
    {
        var at = Array.IndexOf(TypeNames, f.Name);
        return at >= 0 && f is { IsText: true, Value.Length: > 0 and <= 64 } && !f.Value.Contains(' ', StringComparison.Ordinal) ? (at, $"a short word named {f.Path}") : null;
    }

    private static (int Rank, string Why)? RankKey(in Field f)
    {
        var at = Array.IndexOf(KeyNames, f.Name);
        if (at < 0 && f.Name is "id" or "uuid" or "sid")
            at = Array.IndexOf(KeyOwners, f.Owner);
        return at >= 0 && f.Value.Length is > 0 and <= Identifier.MaxCorrelationLength ? (at, $"names what the event belongs to: {f.Path}") : null;
    }

    private static (int Rank, string Why)? RankId(in Field f)
    {
        var at = f.Name switch
        {
            "eventid" or "webhookid" or "deliveryid" => 0,
            "messageid" or "requestid" => 3,
            "id" or "uuid" when f.Depth == 1 => 1,
            "id" or "uuid" when f.Owner is "data" or "event" or "message" => 2,
            _ => -1,
        };
        return at >= 0 && f.Value.Length > 0 ? (at, $"an id of the event itself: {f.Path}") : null;
    }

    private static (int Rank, string Why)? RankTime(in Field f)
    {
        var at = Array.IndexOf(TimeNames, f.Name);
        return at >= 0 && Identifier.Time(f.Value) is { Year: >= 2000 and < 2100 } time ? (at, $"reads as {time:u}") : null;
    }

    private static TemplateProposal Header(KeyValuePair<string, string> header, string why) => new($"{{header:{header.Key}}}", header.Value, why);

    private static bool Ends(string name, params ReadOnlySpan<string> endings)
    {
        foreach (var ending in endings)
        {
            if (name.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();

    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
    private readonly record struct Field(string Path, string Name, string Owner, string Value, int Depth, bool IsText);
}
