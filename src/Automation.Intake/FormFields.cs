using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace Automation.Intake;

/// <summary>Bodies of type <c>application/x-www-form-urlencoded</c>.</summary>
internal static class FormFields
{
    public const string ContentType = "application/x-www-form-urlencoded";

    public static bool IsForm(StringValues contentType) =>
        contentType.Count == 1 && contentType[0]!.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase);

    /// <summary>The fields in the order sent.</summary>
    public static List<KeyValuePair<string, string>> Read(ReadOnlySpan<byte> body)
    {
        var fields = new List<KeyValuePair<string, string>>();
        foreach (var pair in new QueryStringEnumerable(Encoding.UTF8.GetString(body).AsMemory()))
            fields.Add(new(pair.DecodeName().ToString(), pair.DecodeValue().ToString()));
        return fields;
    }

    /// <summary>Names and values run together, sorted by name: what Twilio signs after the URL.</summary>
    public static string Sorted(ReadOnlySpan<byte> body)
    {
        var fields = Read(body);
        // A repeated name is signed once for each of its different values, in their order.
        return string.Concat(fields.DistinctBy(f => (f.Key, f.Value)).OrderBy(f => f.Key, StringComparer.Ordinal).ThenBy(f => f.Value, StringComparer.Ordinal).Select(f => f.Key + f.Value));
    }
}
