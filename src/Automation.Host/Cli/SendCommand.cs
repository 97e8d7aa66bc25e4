using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Automation.Intake.Sources;

namespace Automation.Host.Cli;

/// <summary><c>send SOURCE [TYPE]</c>: posts a sample of a sender, or a file, to a running server.</summary>
internal static class SendCommand
{
    public static Command Create()
    {
        var source = new Argument<string>("source") { Description = "The source's slug, the last part of /webhooks/{source}." };
        var sample = new Argument<string?>("sample") { Description = "Name of the sample, mostly the event type. Without it the samples are listed.", Arity = ArgumentArity.ZeroOrOne };
        var preset = new Option<string?>("--preset") { Description = "Preset that has the sample, where the source is not named like it." };
        var file = new Option<FileInfo?>("--file") { Description = "Posts this file instead of a sample." };
        var url = new Option<string>("--url") { Description = "The server.", DefaultValueFactory = _ => "http://127.0.0.1:5080" };
        var secret = new Option<string?>("--url-secret") { Description = "Secret in the URL: /webhooks/{source}/{secret}." };
        var header = new Option<string[]>("--header") { Description = "Further header, \"Name: value\". May be given several times." };
        var asIs = new Option<bool>("--as-is") { Description = "Sends the sample byte for byte. By default its ids and times are made new, so that it is not taken for a repeated delivery." };
        var repeat = new Option<int>("--repeat") { Description = "How many events to send. Default 1.", DefaultValueFactory = _ => 1 };
        var command = new Command("send", "Posts a sample event to a running server.") { source, sample, preset, file, url, secret, header, asIs, repeat };
        command.SetAction((result, cancellationToken) => RunAsync(
            new Request(
                result.GetRequiredValue(source), result.GetValue(sample), result.GetValue(preset), result.GetValue(file), result.GetRequiredValue(url),
                result.GetValue(secret), result.GetValue(header) ?? [], result.GetValue(asIs), result.GetValue(repeat)),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Request request, CancellationToken cancellationToken)
    {
        var presets = PresetCatalog.Load();
        if (request.File is null && !presets.All.TryGetValue(request.Preset ?? request.Source, out _))
            return Fail($"There is no preset named \"{request.Preset ?? request.Source}\". Known: {string.Join(", ", presets.All.Keys.Order(StringComparer.Ordinal))}. For a source of another name add --preset.");
        var preset = request.File is null ? presets.All[request.Preset ?? request.Source] : null;
        var sample = preset?.Samples.FirstOrDefault(s => s.Name.Equals(request.Sample, StringComparison.OrdinalIgnoreCase));
        if (preset is not null && sample is null)
        {
            var names = string.Join(", ", preset.Samples.Select(s => s.Name));
            return request.Sample is null ? List(preset) : Fail($"{preset.Title} has no sample \"{request.Sample}\". There are: {names}.");
        }

        if (!Uri.TryCreate(request.Url, UriKind.Absolute, out var server) || server.Scheme is not ("http" or "https"))
            return Fail($"--url is \"{request.Url}\"; an http or https address is wanted.");
        using var client = new HttpClient();
        for (var i = 0; i < request.Repeat; i++)
        {
            using var content = sample is null ? await FromFileAsync(request.File!, cancellationToken) : FromSample(preset!, sample, request.AsIs);
            var path = "/webhooks/" + Uri.EscapeDataString(request.Source) + (request.UrlSecret is { } s ? "/" + Uri.EscapeDataString(s) : "");
            using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(server, path)) { Content = content };
            foreach (var (name, value) in sample?.Headers ?? new Dictionary<string, string>(StringComparer.Ordinal))
                message.Headers.TryAddWithoutValidation(name, value);
            foreach (var line in request.Headers)
            {
                if (line.Split(':', 2) is not [var name, var value] || !message.Headers.TryAddWithoutValidation(name.Trim(), value.Trim()))
                    return Fail($"\"{line}\" is not a header; \"Name: value\" is wanted.");
            }

            try
            {
                using var answer = await client.SendAsync(message, cancellationToken);
                var body = await answer.Content.ReadAsStringAsync(cancellationToken);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(int)answer.StatusCode} {answer.ReasonPhrase}  {body}").TrimEnd());
                if (!answer.IsSuccessStatusCode)
                    return 1;
            }
            catch (HttpRequestException e)
            {
                return Fail($"{request.Url} does not answer ({e.Message}). Is the server running? Start it with: dotnet run --project src/Automation.Host");
            }
        }

        return 0;
    }

    private static ByteArrayContent FromSample(Preset preset, SampleEvent sample, bool asIs)
    {
        if (sample.Form is { } form)
            return Content(Encoding.UTF8.GetBytes(form), "application/x-www-form-urlencoded");
        var body = asIs ? Encoding.UTF8.GetBytes(sample.Body.GetRawText()) : FreshSample.Make(preset, sample.Body, TimeProvider.System.GetUtcNow());
        return Content(body, "application/json");
    }

    private static async Task<ByteArrayContent> FromFileAsync(FileInfo file, CancellationToken cancellationToken) =>
        Content(await File.ReadAllBytesAsync(file.FullName, cancellationToken), "application/json");

    private static ByteArrayContent Content(byte[] body, string type) => new(body) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };

    private static int List(Preset preset)
    {
        Console.WriteLine($"Samples of {preset.Title}:");
        foreach (var sample in preset.Samples)
            Console.WriteLine("  " + sample.Name);
        return 0;
    }

    private static int Fail(string message)
    {
        Console.Error.WriteLine(message);
        return 1;
    }

    private sealed record Request(
        string Source, string? Sample, string? Preset, FileInfo? File, string Url, string? UrlSecret, string[] Headers, bool AsIs, int Repeat);
}
