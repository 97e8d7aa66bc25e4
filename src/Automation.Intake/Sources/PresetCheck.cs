using System.Globalization;
using System.Text;
using System.Text.Json;
using Automation.Intake.Identification;
using Automation.Intake.Mapping;
using Microsoft.AspNetCore.Http;

namespace Automation.Intake.Sources;

/// <summary>Finds what is wrong with the description of a sender before any of its events is judged by it.</summary>
internal static class PresetCheck
{
    /// <summary>One sentence for each thing that cannot be used, with the place where it stands.</summary>
    public static IReadOnlyList<string> Faults(Preset preset)
    {
        // The reader refuses null for members, but not within lists.
        IEnumerable<object?>[] lists = [preset.ContentTypes, preset.Type, preset.Correlation, preset.Dedupe.Key, preset.Time, preset.Verification, preset.Samples, preset.Types];
        if (lists.Any(l => l.Contains(null)) || preset.Verification.Any(v => v.Headers.Contains(null)))
            return ["a list holds null"];
        var faults = new List<string>();
        if (preset.Name.Length is 0 or > 64 || !preset.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            faults.Add($"name is \"{preset.Name}\"; wanted: 1 to 64 letters, digits, '-', '_' or '.'");
        if (preset.Type.Count == 0)
            faults.Add("type needs at least one template, for example \"{event}\"");
        Templates(faults, "type", preset.Type);
        Templates(faults, "correlation", preset.Correlation);
        Templates(faults, "dedupe.key", preset.Dedupe.Key);
        Templates(faults, "time", preset.Time);
        Range(faults, "dedupe.window", preset.Dedupe.Window, TimeSpan.FromSeconds(1), TimeSpan.FromDays(90));
        if (preset.Acknowledge.Status is < 200 or > 299)
            faults.Add($"acknowledge.status is {preset.Acknowledge.Status}; wanted: 200 to 299, as senders repeat what is answered otherwise");
        Schemes(faults, preset.Verification);
        Answers(faults, preset);
        if (faults.Count == 0)
            Samples(faults, preset);
        return faults;
    }

    private static void Schemes(List<string> faults, IReadOnlyList<VerificationScheme> schemes)
    {
        for (var i = 0; i < schemes.Count; i++)
        {
            foreach (var fault in SchemeCheck.Faults(schemes[i]))
                faults.Add($"verification[{i}] \"{schemes[i].Name}\": {fault}");
        }

        foreach (var twice in schemes.GroupBy(s => s.Name, StringComparer.Ordinal).Where(g => g.Count() > 1))
            faults.Add($"verification has several ways named \"{twice.Key}\"");
    }

    private static void Answers(List<string> faults, Preset preset)
    {
        if (preset.Reply is { } reply)
        {
            Range(faults, "reply.deadline", reply.Deadline, TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(5));
            if (reply.Fallback is { Status: < 200 or > 599 } fallback)
                faults.Add($"reply.fallback.status is {fallback.Status}; wanted: 200 to 599");
            if (reply.Url is { } url)
                Try(faults, "reply.url", () => EventTemplate.Parse(url));
        }

        if (preset.Challenge is not { } challenge)
            return;
        if (challenge.Kind is not ("query" or "body"))
            faults.Add($"challenge.kind is \"{challenge.Kind}\"; wanted: query, body");
        Try(faults, "challenge", () => new Challenge(challenge, []));
    }

    /// <summary>A sample that is not taken for what it is said to be shows a template that does not find its value.</summary>
    private static void Samples(List<string> faults, Preset preset)
    {
        // A sample has no address.
        if (preset.Type.Any(t => t.Contains("{query:", StringComparison.Ordinal)))
            return;
        var identifier = new Identifier(preset.Type, preset.Correlation, preset.Dedupe.Key.Count == 0 ? ["{body|sha256}"] : preset.Dedupe.Key, preset.Time);
        foreach (var sample in preset.Samples)
        {
            if (sample.Form is null && sample.Body.ValueKind == JsonValueKind.Undefined)
            {
                faults.Add($"the sample \"{sample.Name}\" has neither body nor form");
                continue;
            }

            var headers = new HeaderDictionary { ["Content-Type"] = sample.Form is null ? "application/json" : FormFields.ContentType };
            foreach (var (name, value) in sample.Headers)
                headers[name] = value;
            var body = Encoding.UTF8.GetBytes(sample.Form ?? sample.Body.GetRawText());
            if (identifier.Read(new WebhookRequest(headers, body, QueryString.Empty, null, null), out var identity, out _) is { } problem)
                faults.Add($"the sample \"{sample.Name}\" is no event: {problem.TrimEnd('.')}");
            else if (sample.Type is { } type && type != identity.Type)
                faults.Add($"the sample \"{sample.Name}\" is of the type \"{identity.Type}\", not \"{type}\"");
        }
    }

    private static void Templates(List<string> faults, string member, IReadOnlyList<string> templates)
    {
        for (var i = 0; i < templates.Count; i++)
        {
            var template = templates[i];
            Try(faults, $"{member}[{i}]", () => ValueTemplate.Parse(template, new PathTree()));
        }
    }

    private static void Range(List<string> faults, string member, TimeSpan? value, TimeSpan least, TimeSpan most)
    {
        if (value is { } given && (given < least || given > most))
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"{member} is {given:c}; wanted: {least:c} to {most:c}"));
    }

    private static void Try<T>(List<string> faults, string member, Func<T> read)
    {
        try
        {
            read();
        }
        catch (FormatException e)
        {
            faults.Add($"{member}: {e.Message.TrimEnd('.')}");
        }
    }
}
