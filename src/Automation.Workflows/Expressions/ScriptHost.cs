using System.Text.Encodings.Web;
using Automation.Expressions;
using Automation.Expressions.JavaScript;
using Automation.Expressions.Liquid;

namespace Automation.Workflows.Expressions;

/// <summary>The script languages that definitions may use.</summary>
internal static class ScriptHost
{
    public static ScriptLanguages CreateLanguages(TimeProvider time)
    {
        var javaScript = new JavaScriptCompiler(ExpressionLimits.Default, time, time.LocalTimeZone);
        var liquid = new LiquidCompiler(ExpressionLimits.Default, time, time.LocalTimeZone, new LiquidOptions { Encoder = HtmlEncoder.Default });
        var languages = new ScriptLanguages();
        languages.Add("JavaScript", (source, node) => new WorkflowScript(javaScript.Compile(source), node).Evaluate);
        languages.Add("Liquid", (source, _) => WorkflowTemplate.Compile(liquid, source));
        return languages;
    }
}
