using System.Text;
using System.Text.Json.Nodes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Management;
using Microsoft.AspNetCore.Http;

namespace Automation.Studio.Api.Descriptors;

/// <summary>What JavaScript may use in a definition, as TypeScript declarations for the editor's suggestions.</summary>
internal static class TypeDefinitions
{
    private const string Common =
        """
        declare function getWorkflowDefinitionId(): string;
        declare function getWorkflowDefinitionVersionId(): string;
        declare function getWorkflowDefinitionVersion(): number;
        declare function getWorkflowInstanceId(): string;
        declare function getCorrelationId(): string;
        declare function setCorrelationId(value: string);
        declare function getWorkflowInstanceName(): string;
        declare function setWorkflowInstanceName(value: string);
        declare function setVariable(name: string, value: any);
        declare function getVariable(name: string): any;
        declare function getInput(name: string): any;
        declare function getOutputFrom(activityId: string, outputName?: string): any;
        declare function getLastResult(): any;
        declare function isNullOrWhiteSpace(value: string): boolean;
        declare function isNullOrEmpty(value: string): boolean;
        declare function parseGuid(value: string): Guid;
        declare function newGuid(): Guid;
        declare function newGuidString(): string;
        declare function newShortGuid(): string;
        declare function getShortGuid(): string;
        declare function getGuid(): Guid;
        declare function getGuidString(): string;
        declare function toJson(value: any): string;
        declare function bytesToString(value: Byte[]): string;
        declare function bytesFromString(value: string): Byte[];
        declare function bytesToBase64(value: Byte[]): string;
        declare function bytesFromBase64(value: string): Byte[];
        declare function stringFromBase64(value: string): string;
        declare function stringToBase64(value: string): string;
        declare function streamToBytes(value: Byte[]): Byte[];
        declare function streamToBase64(value: Byte[]): string;
        declare type Guid = string;
        declare type Byte = number;
        declare type Int16 = number;
        declare type Int32 = number;
        declare type Int64 = number;
        declare type Long = number;
        declare type Single = number;
        declare type Double = number;
        declare type Decimal = number;
        declare type TimeSpan = string;
        declare type DateTimeOffset = string;
        declare type DateTime = string;

        """;

    public static async Task<IResult> AnswerAsync(HttpContext context, string definitionId, WorkflowDefinitionManager manager)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.TypeDefinitionsRequest);
        var stored = await manager.FindAsync(definitionId, VersionOptions.Latest, context.RequestAborted);
        return TypedResults.Text(Write(stored?.ToDefinition(), request?.ActivityTypeName), "text/plain; charset=utf-8");
    }

    private static string Write(WorkflowDefinition? definition, string? activityType)
    {
        var text = new StringBuilder(Common);
        if (activityType == "Elsa.RunJavaScript")
            text.AppendLine("declare function setOutcome(name: string): void;").AppendLine("declare function setOutcomes(names: string[]): void;");
        if (definition is null)
            return text.ToString();

        foreach (var input in definition.Inputs.Where(i => IsIdentifier(i.Name)))
            text.AppendLine($"declare function get{Pascal(input.Name)}(): {TypeOf(input.Type)};");
        foreach (var variable in definition.Variables.Where(v => IsIdentifier(v.Name)))
        {
            text.AppendLine($"declare function get{Pascal(variable.Name)}(): {TypeOf(variable.Type)};");
            text.AppendLine($"declare function set{Pascal(variable.Name)}(value: {TypeOf(variable.Type)});");
        }

        foreach (var (activity, output) in OutputsOf(definition.Root).Distinct())
            text.AppendLine($"declare function get{output}From{activity}(): any;");
        text.AppendLine("declare class WorkflowVariables {");
        foreach (var variable in definition.Variables.Where(v => IsIdentifier(v.Name)))
            text.AppendLine($"{variable.Name}: {TypeOf(variable.Type)};");
        text.AppendLine("}").AppendLine("declare var variables: WorkflowVariables;");
        return text.ToString();
    }

    /// <summary>Outputs that activities bind, by the activity's name.</summary>
    private static IEnumerable<(string Activity, string Output)> OutputsOf(JsonNode? node)
    {
        if (node is JsonArray list)
            return list.SelectMany(OutputsOf);
        if (node is not JsonObject o)
            return [];
        var inside = o.SelectMany(m => OutputsOf(m.Value));
        if (o["nodeId"] is null || Text(o, "name") is not { } name || !IsIdentifier(name))
            return inside;
        return o.Where(m => m.Value is JsonObject wrapper && wrapper.ContainsKey("memoryReference") && !wrapper.ContainsKey("expression"))
            .Select(m => (Pascal(name), Pascal(m.Key)))
            .Concat(inside);
    }

    private static string? Text(JsonObject o, string name) => o[name] is JsonValue v && v.TryGetValue(out string? s) ? s : null;

    private static string Pascal(string name) => char.ToUpperInvariant(name[0]) + name[1..];

    private static bool IsIdentifier(string name) =>
        name.Length > 0 && (char.IsLetter(name[0]) || name[0] is '_' or '$') && name.All(c => char.IsLetterOrDigit(c) || c is '_' or '$');

    private static string TypeOf(DataType type)
    {
        var name = type.Kind switch
        {
            DataKind.String or DataKind.Uri or DataKind.Enum => "string",
            DataKind.Boolean => "boolean",
            DataKind.Int16 or DataKind.Int32 or DataKind.Int64 or DataKind.Single or DataKind.Double or DataKind.Decimal => "number",
            DataKind.Guid => "Guid",
            DataKind.DateTime or DataKind.DateTimeOffset or DataKind.TimeSpan => "string",
            _ => "any",
        };
        return type.IsArray ? name + "[]" : name;
    }
}
