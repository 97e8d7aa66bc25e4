using System.Text.Encodings.Web;
using Automation.Expressions;
#if JAVASCRIPT
using Automation.Expressions.JavaScript;
#endif
using Automation.Expressions.Liquid;

namespace Automation.Workflows.Expressions;

/// <summary>The script languages that definitions may use.</summary>
internal static class ScriptHost
{
    public static ScriptLanguages CreateLanguages(TimeProvider time)
    {
#if JAVASCRIPT
        var javaScript = new JavaScriptCompiler(ExpressionLimits.Default, time, time.LocalTimeZone);
#endif
        var liquid = new LiquidCompiler(ExpressionLimits.Default, time, time.LocalTimeZone, new LiquidOptions { Encoder = HtmlEncoder.Default });
        var languages = new ScriptLanguages();
#if JAVASCRIPT
        languages.Add("JavaScript", (source, node) => new WorkflowScript(javaScript.Compile(source), node).Evaluate);
#endif
        languages.Add("Liquid", (source, _) => WorkflowTemplate.Compile(liquid, source));
        return languages;
    }
}
