using System.Globalization;
using Automation.Intake.Verification;

namespace Automation.Intake.Sources;

/// <summary>A setting that cannot be used.</summary>
/// <param name="Member">The setting, as it is written in JSON.</param>
/// <param name="Value">What it says.</param>
/// <param name="Wanted">What it may say.</param>
internal sealed record SettingFault(string Member, string Value, string Wanted)
{
    public override string ToString() => $"\"{Member}\" is \"{Value}\"; wanted: {Wanted}";
}

/// <summary>
/// Finds what is wrong with a way to verify a sender. A word that is not known must not be taken for the default: the sender
/// would be refused for no visible reason, or, worse, verified by less than was meant.
/// </summary>
internal static class SchemeCheck
{
    private static readonly string[] Kinds = ["hmac", "ed25519", "token", "body-token", "basic"];

    public static IEnumerable<SettingFault> Faults(VerificationScheme scheme) => scheme.Kind switch
    {
        "hmac" or "ed25519" => [.. OfHeaders(scheme), .. OfForm(scheme), .. OfSignedText(scheme)],
        "token" => OfHeaders(scheme),
        "body-token" => string.IsNullOrWhiteSpace(scheme.Path) ? [new SettingFault("path", scheme.Path, "the payload path of the token")] : [],
        "basic" => [],
        _ => [new SettingFault("kind", scheme.Kind, string.Join(", ", Kinds))],
    };

    private static IEnumerable<SettingFault> OfHeaders(VerificationScheme scheme)
    {
        if (scheme.Headers.Count == 0 || scheme.Headers.Any(string.IsNullOrWhiteSpace))
            yield return new SettingFault("headers", string.Join(", ", scheme.Headers), "the names of the headers that may hold the token or signature");
    }

    private static IEnumerable<SettingFault> OfForm(VerificationScheme scheme)
    {
        (string Member, string Value, string[] Allowed)[] words =
        [
            ("format", scheme.Format, ["plain", "list", "pairs"]), ("algorithm", scheme.Algorithm, ["sha1", "sha256", "sha512"]), ("encoding", scheme.Encoding, ["hex", "base64"]),
            ("timestampUnit", scheme.TimestampUnit, ["s", "ms"]), ("secretEncoding", scheme.SecretEncoding, ["text", "base64", "hex"]),
        ];
        foreach (var (member, value, allowed) in words.Where(w => !w.Allowed.Contains(w.Value, StringComparer.Ordinal)))
            yield return new SettingFault(member, value, string.Join(", ", allowed));
        if (scheme.Format == "pairs" && scheme.Key.Length == 0)
            yield return new SettingFault("key", "", "the key of the signature, which the format pairs needs");
        if (scheme.Format != "pairs" && scheme.TimestampKey is not null)
            yield return new SettingFault("timestampKey", scheme.TimestampKey, "nothing, unless the format is pairs");
        if (scheme.Tolerance < TimeSpan.FromSeconds(1) || scheme.Tolerance > TimeSpan.FromDays(1))
            yield return new SettingFault("tolerance", scheme.Tolerance.ToString("c", CultureInfo.InvariantCulture), "00:00:01 to 1.00:00:00");
    }

    private static IEnumerable<SettingFault> OfSignedText(VerificationScheme scheme)
    {
        var problem = "";
        try
        {
            SignedText.Parse(scheme.Signed);
        }
        catch (FormatException e)
        {
            problem = e.Message;
        }

        if (problem.Length > 0)
        {
            yield return new SettingFault("signed", scheme.Signed, problem);
            yield break;
        }

        // A body that no signature covers could be anything.
        if (!Holds("{body}") && !(Holds("{form}") && Holds("{url}") && scheme.BodyHashQuery is not null))
            yield return new SettingFault("signed", scheme.Signed, "a text that holds {body}");
        var hasTime = scheme.TimestampHeader is not null || scheme.TimestampKey is not null;
        if (Holds("{timestamp}") && !hasTime)
            yield return new SettingFault("signed", scheme.Signed, "no {timestamp} without timestampHeader or timestampKey");
        // Whoever repeats an old request would only have to write a new time beside it.
        if (hasTime && !Holds("{timestamp}"))
            yield return new SettingFault("signed", scheme.Signed, "a text that holds {timestamp}, as a time that is not signed protects nothing");
        if (Holds("{id}") && scheme.IdHeader is null)
            yield return new SettingFault("signed", scheme.Signed, "no {id} without idHeader");

        bool Holds(string field) => scheme.Signed.Contains(field, StringComparison.Ordinal);
    }
}
