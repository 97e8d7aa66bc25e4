using Automation.Steps.Tests.Support;
using Automation.Workflows.Execution;
using static Automation.Steps.Tests.Support.StepsHost;

namespace Automation.Steps.Tests.Transform;

public sealed class TransformTests
{
    [Theory]
    [InlineData("MergeJson", """{"objects":"[{\"a\":{\"x\":1,\"y\":2},\"b\":1},{\"a\":{\"y\":3},\"b\":null}]"}""", """{"a":{"x":1,"y":3}}""")]
    [InlineData("PickJson", """{"value":"{\"data\":{\"items\":[{\"id\":7}]}}","members":"{\"first\":\"data.items.0.id\",\"none\":\"data.x.y\"}"}""", """{"first":7,"none":null}""")]
    [InlineData("MapList", """{"items":"[{\"id\":7,\"at\":{\"city\":\"Berlin\"}},{\"id\":8}]","members":"{\"no\":\"id\",\"city\":\"at.city\"}"}""", """[{"no":7,"city":"Berlin"},{"no":8,"city":null}]""")]
    [InlineData("SplitList", """{"items":"[1,2,3]","size":"2"}""", "[[1,2],[3]]")]
    [InlineData("DedupeList", """{"items":"[{\"id\":1,\"n\":1},{\"id\":2},{\"id\":1,\"n\":2}]","key":"id"}""", """[{"id":1,"n":1},{"id":2}]""")]
    [InlineData("DedupeList", """{"items":"[1,\"1\",1]"}""", """[1,"1"]""")]
    [InlineData("AggregateList", """{"items":"[{\"a\":1},{\"a\":2.5}]","field":"a"}""", """{"count":2,"sum":3.5,"average":1.75,"min":1,"max":2.5}""")]
    [InlineData("AggregateList", """{"items":"[{\"s\":\"x\",\"a\":1},{\"s\":\"y\",\"a\":2},{\"s\":\"x\",\"a\":3}]","field":"a","groupBy":"s"}""",
        """[{"count":2,"sum":4,"average":2,"min":1,"max":3,"key":"x"},{"count":1,"sum":2,"average":2,"min":2,"max":2,"key":"y"}]""")]
    [InlineData("EncodeText", """{"text":"abc"}""", "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"")]
    [InlineData("EncodeText", """{"text":"ü?","operation":"Base64Url"}""", "\"w7w_\"")]
    [InlineData("EncodeText", """{"text":"w7w_","operation":"FromBase64Url"}""", "\"ü?\"")]
    [InlineData("EncodeText", """{"text":"a b&","operation":"Url"}""", "\"a%20b%26\"")]
    [InlineData("RenderTemplate", """{"template":"Dear {{ name }}","values":"{\"name\":\"<Ü>\"}"}""", "\"Dear <Ü>\"", true)]
    [InlineData("CsvToJson", """{"text":"id,name\n1,\"a \"\"b\"\", c\"\r\n\r\n2,\n"}""", """[{"id":"1","name":"a \"b\", c"},{"id":"2","name":""}]""")]
    [InlineData("CsvToJson", """{"text":"a;b\nc","delimiter":";","header":"false"}""", """[["a","b"],["c"]]""")]
    [InlineData("JsonToCsv", """{"items":"[{\"id\":1,\"n\":\"a,b\"},{\"id\":2,\"x\":\"\\\"\"}]"}""", "\"id,n,x\\r\\n1,\\\"a,b\\\",\\\"\\\"\\r\\n2,\\\"\\\",\\\"\\\"\\\"\\\"\\r\\n\"")]
    [InlineData("XmlToJson", """{"text":"<a x='1'><b>2</b><b>3</b></a>"}""", """{"a":{"@x":"1","b":["2","3"]}}""")]
    [InlineData("JsonToXml", """{"value":"{\"a\":{\"@x\":1,\"b\":[2,\"<\"]}}"}""", "\"<a x=\\\"1\\\"><b>2</b><b>&lt;</b></a>\"")]
    [InlineData("MoveDate", """{"date":"2026-01-31T09:00:00Z","amount":"1","unit":"Months"}""", "\"2026-02-28T09:00:00+00:00\"")]
    [InlineData("MoveDate", """{"date":"2026-03-28T12:00:00","amount":"1","unit":"Days","timeZone":"Europe/Berlin"}""", "\"2026-03-29T12:00:00+02:00\"")]
    [InlineData("MoveDate", """{"date":"2026-03-28T12:00:00","amount":"24","unit":"Hours","timeZone":"Europe/Berlin"}""", "\"2026-03-29T13:00:00+02:00\"")]
    [InlineData("MoveDate", """{"date":"2026-11-20","amount":"1","unit":"Weekdays","format":"yyyy-MM-dd"}""", "\"2026-11-23\"")]
    [InlineData("MoveDate", """{"date":"2026-11-21T10:30:00+02:00","startOf":"Week","timeZone":"Europe/Berlin"}""", "\"2026-11-16T00:00:00+01:00\"")]
    public async Task A_value_becomes_another(string type, string inputs, string expected, bool liquid = false)
    {
        await using var host = await StartAsync();
        var given = System.Text.Json.JsonSerializer.Deserialize<Dictionary<string, string>>(inputs)!.Select(i => (i.Key, liquid && i.Key == "template" ? Literal(i.Value) : (object)i.Value));

        await host.RunAsync(Step("Automation." + type, "t", [.. given, ("result", Into("A"))]), WriteLine("w", "{{ Variables.A | json | raw }}"));

        Assert.Equal([expected], host.Lines);
    }

    [Theory]
    [InlineData("""{"id":1,"tags":["a"]}""", "[]")]
    [InlineData("""{"tags":"a"}""", """["$.id is missing","$.tags is string; it must be array"]""")]
    [InlineData("""{"id":1.5,"tags":[""]}""", """["$.id is number; it must be integer","$.tags[0] is shorter than 1 characters"]""")]
    [InlineData("""{"id":1,"more":1}""", """["$.more is not allowed"]""")]
    public async Task A_schema_says_what_does_not_fit(string value, string problems)
    {
        await using var host = await StartAsync();
        const string Schema = """{"type":"object","required":["id"],"properties":{"id":{"type":"integer"},"tags":{"type":"array","items":{"$ref":"#/$defs/tag"}}},"additionalProperties":false,"$defs":{"tag":{"type":"string","minLength":1}}}""";

        await host.RunAsync(Step("Automation.ValidateJson", "t", ("value", value), ("schema", Schema), ("problems", Into("A"))), WriteLine("w", "{{ Variables.A | json | raw }}"));

        Assert.Equal([problems], host.Lines);
    }

    [Theory]
    [InlineData("SplitList", "items", "{}", "Items")]
    [InlineData("MapList", "members", "[]", "Members")]
    [InlineData("MergeJson", "objects", "[1]", "Objects")]
    [InlineData("EncodeText", "operation", "Rot13", "allowed are Sha256")]
    [InlineData("AggregateList", "items", "[1,\"abc\"]", "which is no number")]
    [InlineData("CsvToJson", "text", "a,b,a\n1,2,3", "twice")]
    [InlineData("SignText", "text", "x", "Secret names no stored secret")]
    [InlineData("CsvToJson", "text", "a\n\"b", "line 2 does not end")]
    [InlineData("CsvToJson", "text", "a\n1,2", "Row 1 has 2 fields")]
    [InlineData("JsonToCsv", "items", "[1]", "no object")]
    [InlineData("XmlToJson", "text", "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>", "taken: it has a DTD.")]
    [InlineData("XmlToJson", "text", "<a></a><b/>", "Text is no XML")]
    [InlineData("JsonToXml", "value", "{\"a b\":1}", "cannot be written as XML")]
    [InlineData("JsonToXml", "value", "{\"a\":1,\"b\":2}", "Root")]
    [InlineData("MoveDate", "date", "soon", "soon")]
    [InlineData("MoveDate", "timeZone", "Mars/Base", "Mars/Base")]
    [InlineData("RandomValue", "kind", "Dice", "Dice")]
    [InlineData("RenderTemplate", "values", "[1]", "Values")]
    [InlineData("WaitForBusinessHours", "hours", "17-9", "Hours")]
    [InlineData("WaitForBusinessHours", "days", "Someday", "Days")]
    [InlineData("WaitForBusinessHours", "holidays", "13-40", "Holidays")]
    [InlineData("SignText", "secret", "nope", "nope")]
    [InlineData("ValidateJson", "schema", "{\"type\":\"nothing\"}", "nothing")]
    public async Task Bad_input_is_an_incident_that_names_it(string type, string input, string value, string says)
    {
        await using var host = await StartAsync();

        var instance = await host.RunAsync(Step("Automation." + type, "t", (input, value)));

        Assert.Equal(WorkflowSubStatus.Faulted, instance.SubStatus);
        Assert.Contains(says, await host.StateAsync(instance.Id));
    }

    [Theory]
    [InlineData("FromBase64", "Text is not base64.")]
    [InlineData("FromBase64Url", "Text is not base64url.")]
    [InlineData("FromHex", "Text is not hexadecimal.")]
    public async Task What_cannot_be_decoded_is_an_incident_that_names_the_input(string operation, string says)
    {
        await using var host = await StartAsync();

        var instance = await host.RunAsync(Step("Automation.EncodeText", "t", ("text", "***"), ("operation", operation)));

        Assert.Contains(says, await host.StateAsync(instance.Id));
    }

    [Theory]
    [InlineData("Sha256", "Hex")]
    [InlineData("Sha512", "Base64")]
    [InlineData("Sha1", "Base64Url")]
    public async Task A_text_is_signed_with_a_stored_secret(string algorithm, string encoding)
    {
        await using var host = await StartAsync();
        await host.Get<Automation.Steps.Secrets.SecretStore>().SetAsync("key", "s3cret-value", Some.Token);

        var instance = await host.RunAsync(Step("Automation.SignText", "t", ("text", "hello"), ("secret", "key"), ("algorithm", algorithm), ("encoding", encoding), ("result", Into("A"))), WriteLine("w", "{{ Variables.A | raw }}"));

        byte[] key = [.. "s3cret-value"u8], text = [.. "hello"u8];
        Assert.Equal([encoding switch
        {
            "Hex" => Convert.ToHexStringLower(System.Security.Cryptography.HMACSHA256.HashData(key, text)),
            "Base64" => Convert.ToBase64String(System.Security.Cryptography.HMACSHA512.HashData(key, text)),
            _ => Convert.ToBase64String(System.Security.Cryptography.HMACSHA1.HashData(key, text)).TrimEnd('=').Replace('+', '-').Replace('/', '_'),
        }], host.Lines);
        Assert.DoesNotContain("s3cret", await host.StateAsync(instance.Id));
    }

    [Theory]
    [InlineData("Uuid", "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")]
    [InlineData("UuidV7", "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")]
    [InlineData("Number", "^[0-9]$")]
    [InlineData("Text", "^[A-Za-z2-9]{7}$")]
    [InlineData("Choice", "^(x|y)$")]
    public async Task Random_values_have_their_form(string kind, string pattern)
    {
        await using var host = await StartAsync();

        await host.RunAsync(Step("Automation.RandomValue", "t", ("kind", kind), ("min", "0"), ("max", "9"), ("length", "7"), ("items", """["x","y"]"""), ("result", Into("A"))), WriteLine("w", "{{ Variables.A | raw }}"));

        Assert.Matches(pattern, Assert.Single(host.Lines));
    }

    [Theory]
    [InlineData("2026-11-20T16:59:59Z", "2026-11-20T16:59:59Z")] // A Friday, still open.
    [InlineData("2026-11-20T17:00:00Z", "2026-11-23T09:00:00Z")] // Closed: Monday.
    [InlineData("2026-11-20T08:00:00Z", "2026-11-20T09:00:00Z")]
    [InlineData("2026-12-24T10:00:00Z", "2026-12-28T09:00:00Z")] // The 24th of 2026, the 25th of every year, a weekend.
    [InlineData("2027-12-24T10:00:00Z", "2027-12-24T10:00:00Z")]
    public void Business_hours_begin_next(string now, string opens)
    {
        var hours = Automation.Steps.Transform.BusinessHours.Parse(null, null, null, ["2026-12-24", "12-25"]);

        Assert.Equal(DateTimeOffset.Parse(opens, System.Globalization.CultureInfo.InvariantCulture), hours.NextOpen(DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void Business_hours_are_of_their_time_zone_over_the_change_of_the_clocks()
    {
        var hours = Automation.Steps.Transform.BusinessHours.Parse("02:30-10:00", "Sun", "Europe/Berlin", []);

        // On 29 March 2026 the clocks go from 2 to 3: half past two does not exist.
        Assert.Equal(new DateTimeOffset(2026, 3, 29, 1, 0, 0, TimeSpan.Zero), hours.NextOpen(new DateTimeOffset(2026, 3, 28, 12, 0, 0, TimeSpan.Zero)));
        Assert.Throws<FormatException>(() => Automation.Steps.Transform.BusinessHours.Parse("09:00-17:00", "Mon", null, Enumerable.Range(1, 31).SelectMany(d => Enumerable.Range(1, 12), (d, m) => $"{m:00}-{d:00}").Where(t => DateOnly.TryParse("2000-" + t, out _))).NextOpen(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)));
    }

    [Theory]
    [InlineData("00:00-24:00", "Mon-Sun", true)]
    [InlineData("00:00-24:00", "", false)]
    public async Task A_workflow_waits_for_business_hours_as_a_scheduled_job(string hours, string days, bool open)
    {
        await using var host = await StartAsync();
        // Where it must not be open: on no day but the one after the next.
        if (!open)
            days = TimeProvider.System.GetUtcNow().AddDays(2).DayOfWeek.ToString()[..3];
        var id = await host.PublishAsync(Step("Automation.WaitForBusinessHours", "t", ("hours", hours), ("days", days)), WriteLine("w", "open"));

        if (open)
        {
            await host.RunPublishedAsync(id);
            Assert.Equal(["open"], host.Lines);
            return;
        }

        var started = await host.Get<Automation.Workflows.Runtime.WorkflowRuntime>().StartAsync(new Automation.Workflows.Runtime.StartWorkflowRequest { DefinitionId = id }, Some.Token);
        Assert.True(started.Started);
        var due = await host.Database.QueryAsync(new Automation.Storage.Writes.SqlStatement("SELECT count(*) FROM workflow_bookmarks WHERE job_id IS NOT NULL"), Some.Token);
        Assert.Equal(1, due.Rows[0][0].AsInteger);
        Assert.Empty(host.Lines);
    }

    private static System.Text.Json.Nodes.JsonObject Literal(string value) =>
        new() { ["typeName"] = "Object", ["expression"] = new System.Text.Json.Nodes.JsonObject { ["type"] = "Literal", ["value"] = value } };
}
