using Automation.Intake.Sources;

namespace Automation.Intake.Tests.Sources;

/// <summary>Senders described in files: what is wrong with a description is told before any event is judged by it.</summary>
public sealed class PresetFileTests : IDisposable
{
    private const string Good = """
        {
          "name": "acme", "title": "Acme phones",
          "type": ["{event.kind}"], "correlation": ["{call.id}"],
          "dedupe": { "key": ["{header:X-Delivery}"], "window": "1.00:00:00" },
          "verification": [ { "name": "sha256", "kind": "hmac", "headers": ["X-Acme-Signature"], "prefix": "sha256=" } ],
          "acknowledge": { "status": 200 },
          "samples": [ { "name": "ended", "type": "ended", "body": { "event": { "kind": "ended" }, "call": { "id": "c-1" } } } ]
        }
        """;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("presets-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_good_description_is_taken()
    {
        Write("acme.json", Good);

        Assert.Equal("Acme phones", PresetCatalog.Load(_directory.FullName).All["acme"].Title);
    }

    [Theory]
    [InlineData("\"kind\": \"hmac\"", "\"kind\": \"hmca\"", "verification[0] \"sha256\": \"kind\" is \"hmca\"; wanted: hmac, ed25519, token, body-token, basic")]
    [InlineData("\"kind\": \"hmac\"", "\"kind\": \"hmac\", \"algorithm\": \"sha265\"", "\"algorithm\" is \"sha265\"; wanted: sha1, sha256, sha512")]
    [InlineData("\"kind\": \"hmac\"", "\"kind\": \"hmac\", \"encoding\": \"Base64\"", "\"encoding\" is \"Base64\"; wanted: hex, base64")]
    [InlineData("\"kind\": \"hmac\"", "\"kind\": \"hmac\", \"signed\": \"{timestamp}\"", "wanted: a text that holds {body}")]
    [InlineData("\"kind\": \"hmac\"", "\"kind\": \"hmac\", \"signed\": \"{url}{form}\"", "wanted: a text that holds {body}")]
    [InlineData("\"kind\": \"hmac\"", "\"kind\": \"hmac\", \"signed\": \"{bodi}\"", "not \"{bodi}\"")]
    [InlineData("\"kind\": \"hmac\"", "\"kind\": \"hmac\", \"timestampHeader\": \"X-At\"", "a time that is not signed protects nothing")]
    [InlineData("\"kind\": \"hmac\"", "\"kind\": \"hmac\", \"format\": \"pairs\"", "the key of the signature")]
    [InlineData("\"kind\": \"hmac\"", "\"kind\": \"hmac\", \"tolerance\": \"00:00:00\"", "\"tolerance\" is \"00:00:00\"; wanted: 00:00:01 to 1.00:00:00")]
    [InlineData("\"kind\": \"hmac\"", "\"kind\": \"body-token\"", "the payload path of the token")]
    [InlineData("[\"X-Acme-Signature\"]", "[]", "the names of the headers")]
    [InlineData("[\"X-Acme-Signature\"]", "[null]", "a list holds null")]
    [InlineData("\"{event.kind}\"", "\"{event.kind\"", "type[0]: \"{event.kind\" has an opening brace at character 1 that is never closed")]
    [InlineData("\"{event.kind}\"", "\"{event.type}\"", "the sample \"ended\" is no event: The event has no type: {event.type} is missing")]
    [InlineData("\"type\": \"ended\"", "\"type\": \"call.ended\"", "the sample \"ended\" is of the type \"ended\", not \"call.ended\"")]
    [InlineData("\"status\": 200", "\"status\": 500", "acknowledge.status is 500; wanted: 200 to 299")]
    [InlineData("1.00:00:00", "400.00:00:00", "dedupe.window is 400.00:00:00; wanted: 00:00:01 to 90.00:00:00")]
    [InlineData("1.00:00:00", "a day", "acme.json(4,")]
    [InlineData("\"name\": \"acme\"", "\"name\": \"ac me\"", "name is \"ac me\"")]
    [InlineData("\"name\": \"acme\",", "", "acme.json(8,2): Missing: \"name\".")]
    [InlineData("\"title\"", "\"tittle\"", "acme.json(2,28): \"tittle\" is not known here.")]
    [InlineData("\"Acme phones\"", "null", "\"title\" must not be null")]
    public void A_mistake_is_told_with_its_file_and_place(string right, string wrong, string said)
    {
        var written = Good.Replace(right, wrong, StringComparison.Ordinal);
        Assert.NotEqual(Good, written);
        Write("acme.json", written);

        var failure = Assert.Throws<FormatException>(() => PresetCatalog.Load(_directory.FullName));

        Assert.Contains("acme.json", failure.Message, StringComparison.Ordinal);
        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Automation.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_files_with_one_name_are_refused()
    {
        Write("acme.json", Good);
        Write("copy.json", Good);

        var failure = Assert.Throws<FormatException>(() => PresetCatalog.Load(_directory.FullName));

        Assert.Contains("copy.json: acme.json describes \"acme\" already", failure.Message, StringComparison.Ordinal);
    }

    private void Write(string name, string json) => File.WriteAllText(Path.Combine(_directory.FullName, name), json);
}
