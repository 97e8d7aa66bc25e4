using System.Text.Json.Nodes;

namespace Automation.Host.OpenApi;

/// <summary>A request of the API and its answer, as they were recorded from a running server.</summary>
/// <param name="Operation">Method and path as the description has them, or <c>any</c> for what every operation may answer.</param>
/// <param name="Path">The path that was asked, with its query.</param>
/// <param name="Status">The status of the answer.</param>
/// <param name="Headers">Headers that were sent, such as <c>If-Match</c>.</param>
/// <param name="Body">The JSON that was sent.</param>
/// <param name="Type">The content type of the answer.</param>
/// <param name="Answer">The answer, long lists cut after two items; text where it is not JSON.</param>
internal sealed record ApiExchange(string Operation, string Path, int Status, IReadOnlyDictionary<string, string>? Headers, JsonNode? Body, string? Type, JsonNode? Answer);
