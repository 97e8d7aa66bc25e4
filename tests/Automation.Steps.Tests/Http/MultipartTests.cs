using System.Text;
using Automation.Steps.Http;
using Automation.Steps.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using static Automation.Steps.Tests.Support.StepsHost;

namespace Automation.Steps.Tests.Http;

public sealed class MultipartTests
{
    [Fact]
    public async Task Fields_and_files_arrive_as_they_were_given()
    {
        await using var host = await StartAsync();
        await using var server = ScriptedServer.AnsweringInTurn((503, "Retry-After: 0\r\n"), (200, ""));
        var body = """{"title":"Grüße","tag":["a","b"],"meta":{"n":1},"file":{"fileName":"a \"b\".txt","contentType":"text/plain","content":"héllo"},"scan":{"fileName":"x.bin","base64":"AAH/"}}""";

        await host.RunAsync(Step("Automation.HttpCall", "call", ("url", server.Url), ("method", "POST"), ("body", body), ("contentType", "multipart/form-data"), ("attempts", 2)));

        Assert.Equal(2, server.Requests.Count);
        Assert.Single(server.Requests.Select(r => r.Text + r.Header("Content-Type")).Distinct());
        var form = await ReadAsync(server.Requests.First());
        Assert.Equal("Grüße", form["title"]);
        Assert.Equal("a,b", form["tag"].ToString());
        Assert.Equal("""{"n":1}""", form["meta"]);
        var file = form.Files["file"]!;
        Assert.Equal(("a %22b%22.txt", "text/plain", "héllo"), (file.FileName, file.ContentType, Encoding.UTF8.GetString(await BytesAsync(file))));
        Assert.Equal([0, 1, 255], await BytesAsync(form.Files["scan"]!));
    }

    [Theory]
    [InlineData("[1]", "object of fields")]
    [InlineData("{bad", "JSON")]
    [InlineData("""{"f":{"fileName":"a","base64":"*"}}""", "base64")]
    [InlineData("""{"f":{"fileName":"a","contentType":"a\r\nb","content":""}}""", "line break")]
    public async Task A_body_that_is_no_form_is_an_incident_that_says_so(string body, string says)
    {
        await using var host = await StartAsync();
        await using var server = ScriptedServer.Answering(200);

        var instance = await host.RunAsync(Step("Automation.HttpCall", "call", ("url", server.Url), ("method", "POST"), ("body", body), ("contentType", "multipart/form-data")));

        Assert.Contains(says, await host.StateAsync(instance.Id));
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Uploads_of_an_endpoint_go_on_as_they_are_and_a_body_with_a_boundary_is_left_alone()
    {
        await using var server = ScriptedServer.Answering(200);
        var upload = new Dictionary<string, object?> { ["name"] = "doc", ["fileName"] = "a.bin", ["contentType"] = "image/png", ["length"] = 2L, ["content"] = new byte[] { 7, 8 } };

        await Some.Caller().SendAsync(new HttpCall { Url = server.Url, Method = "POST", ContentType = "multipart/form-data", Content = new Dictionary<string, object?> { ["doc"] = upload, ["raw"] = new byte[] { 9 } } }, Some.Token);
        await Some.Caller().SendAsync(new HttpCall { Url = server.Url, Method = "POST", ContentType = "multipart/form-data; boundary=b", Content = "--b--" }, Some.Token);

        var form = await ReadAsync(server.Requests.First());
        Assert.Equal(("a.bin", "image/png"), (form.Files["doc"]!.FileName, form.Files["doc"]!.ContentType));
        Assert.Equal([7, 8], await BytesAsync(form.Files["doc"]!));
        Assert.Equal([9], await BytesAsync(form.Files["raw"]!));
        Assert.Equal("--b--", server.Requests.Last().Text);
    }

    // The reader of ASP.NET Core is somebody else's idea of the format.
    private static async Task<IFormCollection> ReadAsync(SeenRequest request)
    {
        var context = new DefaultHttpContext();
        context.Request.ContentType = request.Header("Content-Type");
        context.Request.Body = new MemoryStream(request.Body);
        return await new FormFeature(context.Request).ReadFormAsync(Some.Token);
    }

    private static async Task<byte[]> BytesAsync(IFormFile file)
    {
        var bytes = new byte[file.Length];
        await using var stream = file.OpenReadStream();
        await stream.ReadExactlyAsync(bytes, Some.Token);
        return bytes;
    }
}
