/* Names of analysis warnings for #pragma warning; nothing here has an effect. */
#pragma once
