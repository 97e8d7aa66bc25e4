using System.Text;
using Automation.Intake.Identification;
using Automation.Intake.Sources;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Automation.Intake.Tests.Sources;

public sealed class FreshSampleTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 10, 0, 0, TimeSpan.Zero);

    public static TheoryData<string, string> Samples =>
        [.. PresetCatalog.Load().All.Values.SelectMany(p => p.Samples.Where(s => p.Challenge is null || s.Type is not null).Select(s => (p.Name, s.Name)))];

    [Theory]
    [MemberData(nameof(Samples))]
    public void A_sample_is_a_new_event_of_the_same_type_each_time_it_is_sent(string presetName, string sampleName)
    {
        var preset = PresetCatalog.Load().All[presetName];
        var sample = preset.Samples.Single(s => s.Name == sampleName);
        var printed = Read(preset, Encoding.UTF8.GetBytes(sample.Form ?? sample.Body.GetRawText()), sample.Form is null ? "application/json" : FormFields.ContentType, sample.Headers);

        var first = Fresh();
        var second = Fresh();

        Assert.Equal(printed.Type, first.Type);
        Assert.Equal(printed.Type, second.Type);
        Assert.Equal(3, new[] { printed.DedupeKey, first.DedupeKey, second.DedupeKey }.Distinct(StringComparer.Ordinal).Count());
        if (printed.OccurredAt is not null)
            Assert.Equal(Now, first.OccurredAt);

        Identity Fresh()
        {
            var (body, type) = FreshSample.Make(preset, sample, Now);
            return Read(preset, body, type, FreshSample.Headers(preset, sample, Now));
        }
    }

    [Fact]
    public void A_body_without_the_fields_of_its_preset_is_not_made_anything_else()
    {
        var preset = PresetCatalog.Load().All["stripe"];

        Assert.Null(FreshSample.Make(preset, """{"object":"event"}"""u8.ToArray(), "application/json", Now));
        Assert.Null(FreshSample.Make(preset, "not JSON"u8.ToArray(), "application/json", Now));
        Assert.Null(FreshSample.Make(preset, "a=b"u8.ToArray(), FormFields.ContentType, Now));
        Assert.StartsWith("""{"id":"evt-""", Encoding.UTF8.GetString(FreshSample.Make(preset, """{ "id": "evt", "object": "event" }"""u8.ToArray(), "application/json", Now)!), StringComparison.Ordinal);
    }

    private static Identity Read(Preset preset, byte[] body, string contentType, IReadOnlyDictionary<string, string>? sent)
    {
        var intake = new IntakeOptions();
        intake.Sources["s"] = new SourceOptions { Preset = preset.Name, Open = true };
        var source = new SourceCatalog(Options.Create(intake), PresetCatalog.Load()).Find("s")!;
        var headers = new HeaderDictionary { ["Content-Type"] = contentType };
        foreach (var (name, value) in sent ?? new Dictionary<string, string>(StringComparer.Ordinal))
            headers[name] = value;
        Assert.Null(source.Identifier.Read(new WebhookRequest(headers, body, QueryString.Empty, null, null), out var identity, out _));
        return identity;
    }
}
